//! An export in the browser: read piece by piece, so that its progress is known, and then given to the person as a file.

use super::download::Progress;
use futures::{
    channel::oneshot::Receiver,
    future::{Either, select},
};
use js_sys::{Array, Reflect, Uint8Array};
use leptos::{prelude::document, task::spawn_local};
use std::pin::pin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Blob, HtmlAnchorElement, ReadableStreamDefaultReader, RequestInit, Response, Url, window,
};

/// In which header it is said how many events there are in all.
const TOTAL: &str = "x-total-count";

/// Fetches `address`, reports how far it is, and offers what came as a file. It is given up as soon as `cancelled` says so, or whoever
/// could say so is gone; what came is thrown away then.
pub(super) fn start(address: String, name: &'static str, cancelled: Receiver<()>, report: impl Fn(Progress) + 'static) {
    let controller = AbortController::new().ok();
    let options = RequestInit::new();
    if let Some(controller) = &controller {
        options.set_signal(Some(&controller.signal()));
    }
    spawn_local(async move {
        let fetched = pin!(fetch(&address, name, &options, &report));
        let outcome = match select(fetched, cancelled).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                controller.iter().for_each(AbortController::abort);
                return report(Progress::Cancelled);
            }
        };
        report(match outcome {
            Ok(events) => Progress::Done { events },
            Err(message) => Progress::Failed { message: message.unwrap_or_default() },
        });
    });
}

/// How many events came. The error is what the server said, if it said anything.
async fn fetch(
    address: &str,
    name: &str,
    options: &RequestInit,
    report: &impl Fn(Progress),
) -> Result<u64, Option<String>> {
    let lost = |_: JsValue| None;
    let window = window().ok_or(None)?;
    let response = JsFuture::from(window.fetch_with_str_and_init(address, options)).await.map_err(lost)?;
    let response: Response = response.dyn_into().map_err(lost)?;
    if !response.ok() {
        let said = JsFuture::from(response.json().map_err(lost)?).await.map_err(lost)?;
        return Err(Reflect::get(&said, &"message".into()).ok().and_then(|message| message.as_string()));
    }
    let total = response.headers().get(TOTAL).ok().flatten().and_then(|total| total.parse().ok()).unwrap_or(0);
    report(Progress::Running { events: 0, total });
    let body = response.body().ok_or(None)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(|_| None)?;
    let pieces = Array::new();
    let mut events = 0;
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(lost)?;
        if Reflect::get(&piece, &"done".into()).map_err(lost)?.is_truthy() {
            break;
        }
        let bytes: Uint8Array = Reflect::get(&piece, &"value".into()).map_err(lost)?.dyn_into().map_err(lost)?;
        events += bytes.to_vec().iter().filter(|byte| **byte == b'\n').count() as u64;
        pieces.push(&bytes);
        report(Progress::Running { events: events.min(total), total });
    }
    offer(&pieces, name).map_err(lost)?;
    Ok(total)
}

/// Has the browser keep what came as a file of this name.
fn offer(pieces: &Array, name: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_u8_array_sequence(pieces)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}
