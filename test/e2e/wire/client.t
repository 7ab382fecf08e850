#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything works by the real client: host lists, ratelimit, names, exiwhat.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2 LOCAL);
use Test::Place qw(contents within);
use Test::Wire;

my $exim = exim('main', connect => <<'END');
  deny  hosts = 203.0.113.66
        message = not you
  deny  hosts = 198.51.100.77 : 198.51.100.78
        ratelimit = 1.5 / 1h / per_conn / strict
        message = too fast
END
sub line { my ($client, $port) = @_; return v1('TCP4', $client, '198.51.100.7', $port // 1025, 25) }

test('refuses a client by host_reject_connection', sub {
  my $c = shift->begin(line('198.51.100.66'));
  $c->expect('a rejected client', qr/^554 SMTP service not available/);
  $c->ended;
  $c->logged('the refusal', qr/refused connection from .*\[198\.51\.100\.66\].*\(host_reject_connection\)/);
});
takes('v1 of a proxy that host_reject_connection has', V1, V1_IS, net => 66);
for (['LOCAL', v2(LOCAL, 0, '')], ['a bad line', v1('TCP5', '')]) {
  my ($name, $header) = @$_;
  test("refuses a proxy by host_reject_connection: $name", sub {
    my $c = shift->begin($header, net => 66);
    $c->expect('a rejected proxy', qr/^554 SMTP service not available/);
    $c->ended;
    $c->logged('the refusal', qr/refused connection from .*\[\Q$c->{ip}\E\].*\(host_reject_connection\)/);
  });
}
test('denies a client by hosts in the connect ACL', sub {
  my $c = shift->begin(line('203.0.113.66'));
  $c->expect('a denied client', qr/^5\d\d.*not you/);
  $c->ended;
  $c->logged('the rejection', qr/H=\[203\.0\.113\.66\]:1025 .*rejected connection in "connect" ACL/);
});
for (['takes', '198.51.100.89', qr/^250/], ['refuses', '198.51.100.90', qr/^501/]) {
  my ($does, $client, $reply) = @$_;
  test("$does a client's junk in HELO by helo_accept_junk_hosts", sub {
    my $c = shift->begin(line($client));
    $c->banner;
    $c->command('EHLO ju%nk', $reply);
    $c->quit;
  });
}
test('counts clients, not proxies, by ratelimit per_conn', sub {
  my ($case) = @_;
  my $c = $case->begin(line('198.51.100.77'));
  $c->banner;
  $c->quit;
  $c = $case->begin(line('198.51.100.78'), from => $c->{ip});
  $c->banner;
  $c->quit;
  $c = $case->begin(line('198.51.100.77', 1026));
  $c->expect('the second of one client', qr/^550 too fast/);
  $c->ended;
});
test('tells exiwhat of the client', sub {
  my $c = shift->begin(line('203.0.113.44'));
  $c->banner;
  kill 'USR1', $c->{pid} or $c->fail("kill: $!");
  my $text;
  within(sub { ($text) = contents($exim->path('exim-process.info')) =~ /^(\s*$c->{pid} .*)\n/m }) or $c->fail('exim-process.info does not name the process');
  $c->fail('exim-process.info does not name the client: ' . show($text)) if $text !~ /\[203\.0\.113\.44\]/;
  $c->served;
});

# Names. Nothing here may ask a resolver, so it is only seen for whom a name was looked up: that of 127.0.0.1 is in
# /etc/hosts, and never passes the forward check (dns_check_names_pattern).
my $names = exim('names', main => "host_lookup = 127.0.0.1\nhost_lookup_order = byaddr");
sub name {
  my ($name, $from, $bytes, $code) = @_;
  test($name, sub { my $c = shift->begin($bytes, on => $names, from => $from); $c->banner; $code->($c) });
  return;
}
name('looks up the name of the client', '127.8.8.8', line('127.0.0.1'), sub {
  my ($c) = @_;
  $c->served;
  $c->is_client('127.0.0.1 1025 198.51.100.7 25', hlf => 1);
});
name('forgets the name of the proxy', '127.0.0.1', line('203.0.113.5', 1026), sub {
  my ($c) = @_;
  $c->served;
  $c->is_client('203.0.113.5 1026 198.51.100.7 25', hlf => 0, sfh => '[203.0.113.5]:1026', srh => '[203.0.113.5] (port=1026)');
});
name('keeps the name of the peer after a failure', '127.0.0.1', v1('TCP4 203.0.113.5 198.51.100.7 1027 x'), sub { my ($c) = @_; $c->refused; $c->is_failed(hlf => 1) });
name('keeps the name of the peer for LOCAL', '127.0.0.1', v2(LOCAL, 0, ''), sub { my ($c) = @_; $c->served; $c->is_itself(hlf => 1) });

run();
