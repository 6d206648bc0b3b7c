//! stub
use super::{Kind, Row};
#[derive(Clone, Debug)]
pub struct Filter;
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scalar;
impl Filter {
    pub fn text(&self) -> &str {
        ""
    }
    pub fn condition(&self) -> (String, Vec<Option<String>>) {
        (String::new(), Vec::new())
    }
    pub fn matches(&self, _row: &Row) -> bool {
        true
    }
    pub fn equalities(&self) -> Option<(usize, Vec<Scalar>)> {
        None
    }
}
pub fn scalar(_kind: &Kind, _json: &str) -> Option<Scalar> {
    None
}
