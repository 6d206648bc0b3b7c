//! A life without accidents: the cluster begins, is shared, and ends with its last user.

use std::path::Path;

use super::super::{Cluster, lock};
use super::{POLL, Scratch, eventually, settings, sql, started};

#[tokio::test]
async fn the_first_start_makes_a_database_that_psql_reaches() {
    let scratch = Scratch::new();
    let cluster = scratch.start().await;
    assert_eq!(
        sql(
            &cluster,
            "select current_user, current_database(), current_setting('server_encoding'),
                    current_setting('timezone'), current_setting('listen_addresses'),
                    current_setting('fsync'), current_setting('max_connections'),
                    current_setting('shared_buffers')"
        ),
        "postgres|rowcast|UTF8|UTC||on|200|128MB"
    );
    cluster.stop().await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn rows_outlive_a_stop_and_a_start() {
    let scratch = Scratch::new();
    let cluster = scratch.start().await;
    sql(&cluster, "create table t as select 42 as n");
    cluster.stop().await.unwrap();
    let cluster = scratch.start().await;
    assert_eq!(sql(&cluster, "select n from t"), "42");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_user_joins_and_the_last_one_out_stops_it() {
    let scratch = Scratch::new();
    let first = scratch.start().await;
    let pid = scratch.pid();
    let second = scratch.start().await;
    assert_eq!(scratch.pid(), pid);

    first.stop().await.unwrap();
    assert_eq!(sql(&second, "select 1"), "1");
    assert_eq!(scratch.pid(), pid);

    second.stop().await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn first_starts_at_the_same_moment_make_one_cluster() {
    let scratch = Scratch::new();
    let (first, second) = tokio::join!(scratch.start(), scratch.start());
    sql(&first, "create table t ()");
    assert_eq!(sql(&second, "select count(*) from t"), "0");
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn a_server_left_by_a_crashed_process_is_joined() {
    let scratch = Scratch::new();
    drop(scratch.start().await);
    let pid = scratch.pid();
    assert!(pid.is_some());
    let cluster = scratch.start().await;
    assert_eq!(scratch.pid(), pid);
    cluster.stop().await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn a_stop_waits_for_whoever_is_starting() {
    let scratch = Scratch::new();
    let cluster = scratch.start().await;
    let pid = scratch.pid();
    let starting = lock::exclusive(&scratch.data.join("control.lock")).await.unwrap();
    let mut stop = std::pin::pin!(cluster.stop());
    assert!(tokio::time::timeout(POLL * 10, &mut stop).await.is_err());
    assert_eq!(scratch.pid(), pid);
    drop(starting);
    stop.await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn a_temporary_cluster_is_removed_by_stop() {
    let cluster = started(Cluster::temporary(&settings(Path::new(""))).await);
    assert_eq!(sql(&cluster, "select current_setting('fsync'), current_setting('synchronous_commit')"), "off|off");
    let dir = cluster.server.home.dir.clone();
    cluster.stop().await.unwrap();
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_temporary_cluster_is_removed_when_its_test_forgets_it() {
    let cluster = started(Cluster::temporary(&settings(Path::new(""))).await);
    let dir = cluster.server.home.dir.clone();
    drop(cluster);
    eventually("the removal", async || !dir.exists()).await;
}
