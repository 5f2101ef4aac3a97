"""Reads template.yaml; `!Ref X` becomes {"Ref": "X"}."""

import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def construct_intrinsic(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(node, deep=True)}


class Loader(yaml.SafeLoader):
    pass


Loader.add_multi_constructor("!", construct_intrinsic)


def template():
    return yaml.load((ROOT / "template.yaml").read_text(), Loader)


def functions(template):
    return {n: r for n, r in template["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}


def environment(template, function):
    """The variables of a function, those of all functions among them."""
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    return {**shared, **function["Properties"]["Environment"]["Variables"]}
