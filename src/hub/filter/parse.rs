//! From text to the parser's tree, within bounds, and places in the text.
//!
//! The parser recurses, and its stack is that of whoever calls it: so brackets are counted before it runs, and it counts its
//! own recursion. Chains such as `a and b and c` nest to the left without recursion; whoever walks them must not recurse either.

use super::{FilterError, MAX_BRACKETS, MAX_TEXT, MAX_TOKENS};
use sqlparser::{
    ast::{Expr, Spanned},
    dialect::PostgreSqlDialect,
    parser::{Parser, ParserError},
    tokenizer::{Location, Token, Tokenizer},
};

/// How deep the parser may recurse.
const MAX_RECURSION: usize = 40;

/// Reads a filter's text.
pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_TEXT {
        return Err(FilterError::invalid(
            None,
            format!("a filter may have {MAX_TEXT} bytes and this has {}", text.len()),
        ));
    }
    if let Some(at) = text.find('\0') {
        return Err(FilterError::invalid(Some(at), "Postgres knows no character zero"));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| FilterError::invalid(offset(text, error.location), error.message))?;
    if tokens.len() > MAX_TOKENS {
        return Err(FilterError::invalid(None, format!("a filter may have {MAX_TOKENS} words and signs")));
    }
    let mut open = 0_usize;
    for token in &tokens {
        match token.token {
            Token::LParen | Token::LBracket | Token::LBrace => open += 1,
            Token::RParen | Token::RBracket | Token::RBrace => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_BRACKETS {
            let at = offset(text, token.span.start);
            return Err(FilterError::invalid(at, format!("brackets may nest {MAX_BRACKETS} deep")));
        }
    }
    let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_RECURSION).with_tokens_with_locations(tokens);
    let expression = parser.parse_expr().map_err(|error| {
        let at = offset(text, parser.peek_token_ref().span.start);
        match error {
            ParserError::RecursionLimitExceeded => FilterError::invalid(at, "the expression nests too deep"),
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
                let (message, at) = without_place(text, &message, at);
                FilterError::invalid(at, message)
            }
        }
    })?;
    let rest = parser.peek_token_ref();
    if rest.token != Token::EOF {
        let at = offset(text, rest.span.start);
        return Err(FilterError::invalid(at, format!("expected an operator or the end, found {}", rest.token)));
    }
    Ok(expression)
}

/// The parser writes the place into its message; it is known better as a number.
fn without_place(text: &str, message: &str, otherwise: Option<usize>) -> (String, Option<usize>) {
    let parsed = message.split_once(" at Line: ").and_then(|(message, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((message, Location { line: line.parse().ok()?, column: column.parse().ok()? }))
    });
    match parsed {
        Some((message, location)) => (message.to_owned(), offset(text, location).or(otherwise)),
        None => (message.to_owned(), otherwise),
    }
}

/// The byte at which a location is. Without a location, as at the text's end, there is none.
pub(super) fn offset(text: &str, location: Location) -> Option<usize> {
    let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let within = text.get(start..)?.char_indices().map(|(at, _)| at).nth(column);
    Some(start + within.unwrap_or(text.len() - start))
}

/// Where an expression begins.
pub(super) fn place(text: &str, mut expression: &Expr) -> Option<usize> {
    loop {
        expression = match expression {
            Expr::BinaryOp { left, .. } | Expr::AnyOp { left, .. } | Expr::AllOp { left, .. } => left,
            Expr::Nested(expr)
            | Expr::UnaryOp { expr, .. }
            | Expr::IsNull(expr)
            | Expr::IsNotNull(expr)
            | Expr::IsTrue(expr)
            | Expr::IsNotTrue(expr)
            | Expr::IsFalse(expr)
            | Expr::IsNotFalse(expr)
            | Expr::IsUnknown(expr)
            | Expr::IsNotUnknown(expr)
            | Expr::IsDistinctFrom(expr, _)
            | Expr::IsNotDistinctFrom(expr, _)
            | Expr::Cast { expr, .. }
            | Expr::Collate { expr, .. }
            | Expr::In { expr, .. }
            | Expr::Between { expr, .. }
            | Expr::Like { expr, .. }
            | Expr::ILike { expr, .. } => expr,
            leaf => return offset(text, leaf.span().start),
        };
    }
}
