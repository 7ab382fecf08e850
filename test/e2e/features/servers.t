#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Other servers are told of the client, and not of the proxy: DCC, rspamd, Redis, Dovecot's auth server.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use Test::Exim ();
use Test::Features;
use Test::Place qw(contents file find_tool run_quietly start within);
use Test::Stub ();

my $proxy = quotemeta PROXY;

# Where Exim is under test, it says of its own DCC code that it leaves a variable behind.
feature('DCC', ['support Experimental_DCC'], sub {
  my $dcc = Test::Stub->new('dcc', file('dcc'));
  my $exim = exim(panic => qr/live variable|^- value|^'?$/, main => "acl_smtp_data = data\ndccifd_address = @{[file('dcc')]}", acl => <<'END');
data:
  deny   !dcc = *
         message = found $dcc_result
  accept logwrite = dcc of $sender_host_address: $dcc_result, $dcc_header
END
  like(message(client($exim, GOOD)), qr/^250 /, 'DCC: accepts the client');
  like(message(client($exim, BAD)), qr/^550 found /, 'DCC: rejects the client');
  like($dcc->got(qr/100\.77/), qr/^198\.51\.100\.77\b/m, 'DCC: is told of the client');
  like($exim->log, qr/dcc of 198\.51\.100\.7: A, X-DCC-stub-Metrics: /, 'DCC: the header is there for the ACL');
});

feature('rspamd', ['support Content_Scanning'], sub {
  my $rspamd = Test::Stub->new('rspamd', OTHER);
  my $exim = exim(main => "acl_smtp_data = data\nspamd_address = ${\OTHER} $rspamd->{port} variant=rspamd", acl => <<'END');
data:
  deny   spam = nobody
         message = found $spam_score_int
  accept
END
  like(message(client($exim, GOOD)), qr/^250 /, 'rspamd: accepts the client');
  like(message(client($exim, BAD)), qr/^550 found 150/, 'rspamd: rejects the client');
  like($rspamd->got(qr/100\.77/), qr/^IP: 198\.51\.100\.77\r?$/m, 'rspamd: is told of the client');
});

# Asked for the client, and for the proxy
feature('Redis', ['lookup redis'], sub {
  my ($socket, $server, $cli) = (file('redis.sock'), map { find_tool($_) // lacking("no $_ here: run scripts/setup full") } 'redis-check-rdb', 'redis-cli');
  symlink $server, file('redis-server');    # one program, which goes by its name
  start('redis', file('redis-server'), qw(--port 0 --unixsocket), $socket, qw(--unixsocketperm 777 --dir), file(), '--save', '');
  within(sub { -S $socket }) or die "the Redis server does not start\n";
  run_quietly('cli', $cli, '-s', $socket, 'mset', 'client:' . GOOD, 'good', 'client:' . BAD, 'bad', 'proxy:' . PROXY, 'known', 'client:' . PROXY, 'bad');
  my $exim = exim(main => "redis_servers = ($socket)///\nacl_smtp_rcpt = rcpt", acl => <<'END');
rcpt:
  deny   message = no proxy
         condition = ${if eq{${lookup redis{get proxy:$proxy_host_address}}}{known}{no}{yes}}
  deny   message = ${lookup redis{incr count:$proxy_host_address:$sender_host_address}{counted}}
         condition = ${if eq{${lookup redis{get client:$sender_host_address}}}{good}{no}{yes}}
  accept
END
  like(recipient(client($exim, GOOD), 'a@b.example'), qr/^250 /, 'Redis: finds the client and the proxy');
  is(recipient(client($exim, BAD), 'a@b.example'), '550 counted', 'Redis: finds the client, and counts it by the proxy');
  run_quietly('count', $cli, '-s', $socket, 'get', 'count:' . PROXY . ':' . BAD);
  like(contents(file('count.out')), qr/^"?1"?$/, 'Redis: has what was written');
});

feature('Dovecot', ['authenticator dovecot'], sub {
  my $dovecot = Test::Stub->new('dovecot', file('dovecot'));
  my $exim = exim(authenticators => "plain:\n  public_name = PLAIN\n  driver = dovecot\n  server_socket = @{[file('dovecot')]}\n  server_set_id = \$auth1");
  my $auth = sub { my ($address) = @_; return client($exim, $address)->command('AUTH PLAIN ' . encode_base64("\0user\0secret", ''), qr/^/) };
  like($auth->(GOOD), qr/^235 /, 'Dovecot: authenticates the client');
  like($auth->(BAD), qr/^535 /, 'Dovecot: refuses the client');
  my $told = $dovecot->got(qr/100\.77/);
  like($told, qr/lip=\Q${\EXIM}\E .*rip=198\.51\.100\.77|rip=198\.51\.100\.77 .*lip=\Q${\EXIM}\E/, 'Dovecot: is told of the client and of this server');
  unlike($told, qr/$proxy/, 'Dovecot: is not told of the proxy');
});

Test::Exim::all_well();
done_testing();
