//! Accidents: killed servers, lying pid files, interrupted starts.

use super::super::{Cluster, Error, home};
use super::{POLL, Scratch, eventually, signal, sql};

#[tokio::test]
async fn a_killed_server_is_started_again() {
    let scratch = Scratch::new();
    let cluster = scratch.start().await;
    sql(&cluster, "create table t as select 42 as n");
    assert!(!cluster.ensure_running().await.unwrap());

    let killed = scratch.pid().unwrap();
    signal("KILL", killed);
    eventually("a restart", async || cluster.ensure_running().await.unwrap()).await;
    assert_ne!(scratch.pid(), Some(killed));
    assert_eq!(sql(&cluster, "select n from t"), "42");
    assert!(!cluster.ensure_running().await.unwrap());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_somebody_stopped_is_started_again() {
    let scratch = Scratch::new();
    let cluster = scratch.start().await;
    signal("INT", scratch.pid().unwrap());
    eventually("a restart", async || cluster.ensure_running().await.unwrap()).await;
    assert_eq!(sql(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_a_foreign_process_is_removed() {
    let scratch = Scratch::new();
    scratch.start().await.stop().await.unwrap();
    let foreign = std::process::id();
    std::fs::write(scratch.pid_file(), format!("{foreign}\n/\n0\n5432\n/\n\n0 0\nready   \n")).unwrap();
    let cluster = scratch.start().await;
    assert_ne!(scratch.pid(), Some(foreign));
    assert_eq!(sql(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
}

/// After a crash of the machine, pids are given out in much the same order.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_pid_file_that_names_the_server_of_another_cluster_is_removed() {
    let (scratch, other) = (Scratch::new(), Scratch::new());
    let running = other.start().await;
    scratch.start().await.stop().await.unwrap();
    std::fs::copy(other.pid_file(), scratch.pid_file()).unwrap();

    let cluster = scratch.start().await;
    assert_ne!(scratch.pid(), other.pid());
    cluster.stop().await.unwrap();
    assert_eq!(sql(&running, "select 1"), "1");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_empty_pid_file_is_removed() {
    let scratch = Scratch::new();
    scratch.start().await.stop().await.unwrap();
    std::fs::write(scratch.pid_file(), "").unwrap();
    scratch.start().await.stop().await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn an_interrupted_first_start_does_not_break_the_next() {
    let scratch = Scratch::new();
    {
        let settings = scratch.settings();
        let mut interrupted = std::pin::pin!(Cluster::start(&settings));
        eventually("initdb at work", async || {
            let ended = tokio::time::timeout(POLL, interrupted.as_mut()).await;
            assert!(ended.is_err(), "too fast to be interrupted");
            scratch.data.is_dir() && scratch.names().iter().any(|name| name.starts_with(home::UNFINISHED_PREFIX))
        })
        .await;
    }
    assert!(!scratch.names().contains(&"pg".to_owned()));

    let cluster = scratch.start().await;
    assert_eq!(sql(&cluster, "select 1"), "1");
    let unfinished = scratch.names().into_iter().find(|name| name.starts_with(home::UNFINISHED_PREFIX));
    assert_eq!(unfinished, None);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_that_fails_quotes_the_log() {
    let scratch = Scratch::new();
    scratch.start().await.stop().await.unwrap();
    let file = scratch.data.join("pg/postgresql.conf");
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("\nno_such_setting = 1\n");
    std::fs::write(&file, text).unwrap();
    let error = Cluster::start(&scratch.settings()).await.unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_cluster_that_was_removed_is_not_replaced_by_an_empty_one() {
    let scratch = Scratch::new();
    let cluster = scratch.start().await;
    signal("QUIT", scratch.pid().unwrap());
    eventually("the end of the server", async || scratch.pid().is_none()).await;
    std::fs::remove_dir_all(scratch.data.join("pg")).unwrap();
    let error = cluster.ensure_running().await.unwrap_err();
    assert!(matches!(error, Error::Vanished { .. }), "{error}");
    cluster.stop().await.unwrap();
}
