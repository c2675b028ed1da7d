//! Forms: fields, validation with all errors at once, differences between submissions.

/// A form.
#[derive(Clone, Debug)]
pub struct Form {}
