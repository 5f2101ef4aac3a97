//! One file for each route, named for what it does.

pub(crate) mod create_project;
pub(crate) mod get_project;
pub(crate) mod list_projects;

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

pub(crate) mod create_master;
pub(crate) mod create_profile;

pub(crate) mod get_image;
pub(crate) mod list_images;

pub(crate) mod generation_status;
pub(crate) mod get_job;
pub(crate) mod get_queues;

pub(crate) mod create_key;
pub(crate) mod list_keys;
pub(crate) mod revoke_key;
