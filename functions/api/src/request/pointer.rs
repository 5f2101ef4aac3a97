//! Where the fields that the domain speaks of stand in a body.

use likeness_domain::field::Field;

/// The JSON pointer to `field`.
pub(crate) fn pointer(field: Field) -> String {
    let fixed = match field {
        Field::Request => "",
        Field::Model => "/model",
        Field::OutputFormat => "/outputFormat",
        Field::Steps => "/steps",
        Field::Guidance => "/guidance",
        Field::Subject => "/subjectId",
        Field::SubjectType => "/subjectType",
        Field::Master => "/masterReferenceId",
        Field::References | Field::Cast => "/references",
        Field::Reference(index) => return format!("/references/{index}"),
        Field::Character(index) => return format!("/references/characters/{index}/referenceId"),
        Field::Location => "/references/location",
        Field::Prop(index) => return format!("/references/props/{index}"),
        Field::Style => "/references/style",
        Field::Controls => "/controlImages",
        Field::Control(index) => return format!("/controlImages/{index}/image"),
        Field::Lora => "/loraId",
        Field::Person => "/personId",
        Field::Age => "/choices/age",
        Field::Gender => "/choices/gender",
        Field::TriggerWord => "/choices/triggerWord",
        Field::Examined => "/newImageId",
        Field::Against => "/referenceSetId",
    };
    fixed.to_owned()
}
