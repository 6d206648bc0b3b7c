//! Directories: odd names, wrong owners, ways that are closed.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use super::super::{Cluster, Error, Settings, home};
use super::{Scratch, am_root, settings, sql};

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_and_leaves_nothing_outside() {
    let scratch = Scratch::named(&"long/".repeat(30));
    let cluster = scratch.start().await;
    assert_eq!(sql(&cluster, "select 1"), "1");
    let socket_dir = cluster.server.socket.dir.clone();
    assert!(!socket_dir.starts_with(scratch.root.path()));
    let found = std::fs::metadata(&socket_dir).unwrap();
    assert_eq!(found.mode() & 0o777, 0o700);
    cluster.stop().await.unwrap();
    assert!(!socket_dir.exists());
}

#[tokio::test]
async fn a_path_with_everything_that_needs_quoting_works() {
    let scratch = Scratch::named("a 'b' \"c\" $(d) `e` \\f %g &h 🐘");
    let cluster = scratch.start().await;
    assert!(cluster.server.socket.dir.starts_with(&scratch.data));
    assert_eq!(sql(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
    assert_eq!(scratch.pid(), None);
}

#[tokio::test]
async fn a_path_that_clients_would_misread_works() {
    let scratch = Scratch::named("a,b");
    let cluster = scratch.start().await;
    assert_eq!(sql(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_data_directory_may_not_be_a_cluster_itself() {
    let scratch = Scratch::new();
    std::fs::create_dir(&scratch.data).unwrap();
    std::fs::write(scratch.data.join("PG_VERSION"), "15\n").unwrap();
    let error = Cluster::start(&scratch.settings()).await.unwrap_err();
    assert!(matches!(error, Error::ForeignCluster { .. }), "{error}");
}

#[tokio::test]
async fn the_data_directory_of_somebody_else_is_refused() {
    let scratch = Scratch::new();
    let theirs = if am_root().await {
        std::fs::create_dir(&scratch.data).unwrap();
        std::os::unix::fs::chown(&scratch.data, Some(4711), None).unwrap();
        scratch.data.clone()
    } else {
        PathBuf::from("/")
    };
    let error = Cluster::start(&settings(&theirs)).await.unwrap_err();
    assert!(matches!(error, Error::ForeignOwner { .. }), "{error}");
}

#[tokio::test]
async fn a_cluster_of_a_version_that_is_not_installed_is_refused() {
    let scratch = Scratch::new();
    scratch.start().await.stop().await.unwrap();
    std::fs::write(scratch.data.join("pg/PG_VERSION"), "99\n").unwrap();
    match Cluster::start(&scratch.settings()).await {
        Err(Error::OtherMajor { wanted, .. }) => assert_eq!(wanted, 99),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_configured_directory_without_programs_is_refused() {
    let scratch = Scratch::new();
    let settings = Settings { bin_dir: Some(scratch.root.path().to_owned()), ..scratch.settings() };
    let error = Cluster::start(&settings).await.unwrap_err();
    assert!(error.to_string().contains("it has no initdb"), "{error}");
}

#[tokio::test]
async fn an_unreachable_directory_is_replaced_for_root_alone() {
    let scratch = Scratch::new();
    let fallback = scratch.root.path().canonicalize().unwrap().join("fallback");
    let private = scratch.root.path().canonicalize().unwrap().join("private");
    std::fs::create_dir(&private).unwrap();
    std::fs::set_permissions(&private, Permissions::from_mode(0o700)).unwrap();
    let wanted = private.join("data");

    let (chosen, _) = home::settle(&wanted, None, &fallback).await.unwrap();
    if !am_root().await {
        assert_eq!(chosen.dir, wanted);
        return;
    }
    assert_eq!(chosen.dir, fallback.join(home::stable_hash(&wanted)));
    assert!(!wanted.exists());

    // Once a cluster is there, it stays there, even if the way is opened later.
    std::fs::create_dir(chosen.pg()).unwrap();
    std::os::unix::fs::chown(chosen.pg(), Some(4711), Some(4711)).unwrap();
    std::fs::set_permissions(&private, Permissions::from_mode(0o755)).unwrap();
    let (again, account) = home::settle(&wanted, None, &fallback).await.unwrap();
    assert_eq!(again, chosen);
    assert_eq!(account.uid, 4711);
}
