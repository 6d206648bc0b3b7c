-- If this client's machine is gone without a word, its locks are to be free in half a minute, not in hours.
set tcp_keepalives_idle = 10;
set tcp_keepalives_interval = 5;
set tcp_keepalives_count = 3;
set tcp_user_timeout = 20000;
