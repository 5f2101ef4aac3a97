//! One file for each route, named for what it does.

pub(crate) mod create_project;
pub(crate) mod get_project;
pub(crate) mod list_projects;
pub(crate) mod update_project;

pub(crate) mod list_members;
pub(crate) mod put_member;
pub(crate) mod remove_member;

pub(crate) mod get_subject;
pub(crate) mod list_subjects;
pub(crate) mod put_subject;

pub(crate) mod get_person;
pub(crate) mod list_people;
pub(crate) mod put_person;

pub(crate) mod complete_lora;
pub(crate) mod create_lora;
pub(crate) mod get_lora;
pub(crate) mod list_loras;

pub(crate) mod create_composite;
pub(crate) mod create_master;
pub(crate) mod create_portrait;
pub(crate) mod create_profile;
pub(crate) mod generate_image;
pub(crate) mod regenerate_image;
pub(crate) mod regenerate_shot;

pub(crate) mod get_image;
pub(crate) mod list_images;
pub(crate) mod list_versions;

pub(crate) mod create_upload;
pub(crate) mod get_report;
pub(crate) mod list_reports;
pub(crate) mod verify_consistency;

pub(crate) mod get_collection;
pub(crate) mod list_collections;
pub(crate) mod list_dead_letters;
pub(crate) mod list_relations;
pub(crate) mod redrive_queue;

pub(crate) mod cancel_job;
pub(crate) mod generate;
pub(crate) mod generation_status;
pub(crate) mod get_job;
pub(crate) mod get_queues;
pub(crate) mod list_jobs;

pub(crate) mod list_models;
pub(crate) mod list_templates;

pub(crate) mod cancel_workflow;
pub(crate) mod create_workflow;
pub(crate) mod get_workflow;
pub(crate) mod list_workflows;

pub(crate) mod create_key;
pub(crate) mod list_keys;
pub(crate) mod retry_job;
pub(crate) mod revoke_key;
