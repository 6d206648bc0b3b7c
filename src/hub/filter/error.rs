//! Why a filter is refused.

use crate::protocol::ErrorCode;
use std::fmt;

/// A filter that cannot be used, and where it goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// `InvalidFilter`, `UnsupportedFilter`, `UnknownColumn` or `InvalidParameter`.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// Where in the filter's text, in bytes from its beginning.
    pub at: Option<usize>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl FilterError {
    pub(super) fn new(code: ErrorCode, at: Option<usize>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at, hint: None }
    }

    pub(super) fn invalid(at: Option<usize>, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidFilter, at, message)
    }

    pub(super) fn unsupported(at: Option<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ErrorCode::UnsupportedFilter, at, message).with_hint(hint)
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.hint = (!hint.is_empty()).then_some(hint);
        self
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}
