#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# On the port where HAProxy must send a header: direct clients, a host that may relay, and load balancers that send none or are not listed.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use IO::Select ();
use IO::Socket::IP ();
use POSIX ();
use Socket qw(SOCK_STREAM);
use Test::More;
use Lateness qw(now);
use Test::Exim ();
use Test::Guide;
use Test::Header qw(v1 v2 LOCAL);
use Test::SMTP ();

my ($port, $haproxy, @node) = cluster();
my @to = (to => '127.0.2.1');
my $sends = sub { my ($from, $bytes) = @_; my $c = Test::SMTP->connect(from => $from, @to, port => $port->{25}); $c->send($bytes) if length $bytes; return $c };

my $c = session($port->{25}, @to);
like((mail($c))[0], qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] P=esmtp S=/, 'a direct client: logs it, and no proxy');
like(recipient($c, 'user@elsewhere.example'), qr/^550 relay not permitted/, 'a direct client: does not relay');
$c->quit;
for (['directly', @to], ['through HAProxy', to => FRONT]) {
  my ($how, @way) = @$_;
  $c = session($port->{25}, from => PARTNER, @way);
  like(recipient($c, 'user@elsewhere.example'), qr/^250 /, "a host in RELAY_FROM, $how: relays");
  $c->quit;
}
$c = $sends->(Test::Guide::client(), v1('TCP4', PARTNER, '127.0.2.1', 1234, 25));
my $reply = $c->reply;
$reply = $c->reply if $reply =~ /^220 /;    # the banner was faster
is($reply, '554 Unexpected PROXY header', 'a host that is not listed: its header is unexpected');

$c = $sends->(BALANCER, '');
like($c->reply, qr/^451 this port is for the load balancers/, 'a load balancer that sends nothing: is refused for now');
like($node[0]->log, qr/ rejected connection in "connect" ACL: no PROXY header: /, 'a load balancer that sends nothing: the log says why');
$c = $sends->(BALANCER, v2(LOCAL, 0, ''));
like($c->reply, qr/^220 /, 'a health check: is greeted');
$c->command('EHLO check.example', qr/^250/);
like(recipient($c, 'user@elsewhere.example'), qr/^550 relay not permitted/, 'a health check: does not relay, though its address is in RELAY_FROM');

# A load balancer of our own make, that sends the header at once, as an NLB does with on_first_ack; and one that sends it with the
# first bytes from the client, as with on_first_ack_with_payload
for my $at_once (1, 0) {
  my $listen = IO::Socket::IP->new(LocalHost => BALANCER, Listen => 1, Type => SOCK_STREAM) or die "listen: $@\n";
  my $pid = fork // die "fork: $!\n";
  if (!$pid) { eval { balance($listen, $at_once) }; POSIX::_exit(0) }
  my $began = now;
  $c = session($listen->sockport, to => BALANCER);
  if ($at_once) { like((mail($c))[0], qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] P=esmtp PRX=\Q${\BALANCER}\E S=/, 'the header at once: logs the client and the proxy') }
  else {
    like($c->{banner}, qr/^451 this port is for the load balancers/, 'the header with the first byte: is refused for now');
    cmp_ok(now - $began, '>=', 3, 'the header with the first byte: not before the deadline');    # clock: the lower bound, exact
  }
  kill 'KILL', $pid;
  waitpid $pid, 0;
}

sub balance {
  my ($listening, $at_once) = @_;
  my $client = $listening->accept or return;
  my $server = IO::Socket::IP->new(PeerHost => '127.0.2.3', PeerPort => $port->{25}, LocalHost => BALANCER, Type => SOCK_STREAM) or return;
  my $header = v1('TCP4', $client->peerhost, $client->sockhost, $client->peerport, $client->sockport);
  if ($at_once) { syswrite $server, $header; $header = '' }
  my $select = IO::Select->new($client, $server);
  while (my @ready = $select->can_read) {
    for my $from (@ready) {
      sysread $from, my $bytes, 16_384 or return;
      if ($from == $client) { $bytes = $header . $bytes; $header = '' }
      syswrite $from == $client ? $server : $client, $bytes;
    }
  }
  return;
}
Test::Exim::all_well();
done_testing();
