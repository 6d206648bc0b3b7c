//! Rooms on one node and on several, without a network: whoever comes, goes, is lost, comes back, whatever words are lost and
//! whichever node dies, everybody who is in a room ends up seeing exactly those who are.

mod cluster;
mod garbage;
mod stories;
