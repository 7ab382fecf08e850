#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Health checks leave no line in any log, whether they are whole sessions or mere connections; and a node goes out of service by a file.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Guide;
use Test::Header qw(v2 LOCAL);
use Test::Place qw(within write_file);
use Test::SMTP ();

# The second and the third node log connections. The third lacks hosts_connection_nolog: what the first two do not log, it does.
my ($port, $haproxy, @node) = cluster(conf => sub {
  my ($n) = @_;
  my $conf = guide('exim.conf');
  $n == 1 or $conf =~ s/^log_selector = \+proxy\K$/ +smtp_connection/m or die "exim.conf has no such log_selector any more\n";
  $n < 3 or $conf =~ s/^hosts_connection_nolog = .*\n//m or die "exim.conf has no hosts_connection_nolog any more\n";
  return $conf;
});
my $front = quotemeta FRONT;
my $lines = sub { my ($n) = @_; return $node[$n]->log =~ s/^.* daemon started: .*\n//mgr };

ok(within(sub { 5 <= (() = $lines->(2) =~ /SMTP connection from \[$front\]/g) }), 'a log without the settings shows the checks');
is($lines->(0), '', 'the log is empty');
is($lines->(1), '', 'the log is empty with smtp_connection');
is(join('', map { $_->log('reject') } @node), '', 'the reject logs are empty');

# What a network load balancer does, and a kubelet
for ([BALANCER, v2(LOCAL, 0, ''), 'with a header'], [KUBELET, '', 'without a header']) {
  my ($from, $header, $what) = @$_;
  for my $node (@node) {
    for (1 .. 3) {
      my $c = Test::SMTP->connect(from => $from, to => $node->{address}, port => $port->{25});
      $c->send($header) if length $header;
      $c->closes;
    }
  }
  ok($node[2]->logs(qr/\[\Q$from\E\] lost D=/), "checks by connection, $what: a log without the settings shows them");
  is($lines->(0), '', "checks by connection, $what: the log is empty");
  is($lines->(1), '', "checks by connection, $what: the log is empty with smtp_connection");
}

my $c = session($port->{25});
my $node = Test::Guide::named($c->{node});
write_file($node->path('drain'), '');
ok(within(sub { my %is = $haproxy->servers; $is{"smtp/$c->{node}"} =~ /\ADOWN / }), 'a file takes the node out of service: HAProxy finds it down');
is(nodes_used(), join(' ', grep { $_ ne $c->{node} } qw(mx1 mx2 mx3)), 'it gets no new sessions');
like((mail($c))[0], qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] /, 'its session goes on');
unlink $node->path('drain');
ok($haproxy->all_up(3), 'HAProxy finds it up when the file is removed');
unlike(join('', map { $_->log . $_->log('reject') } @node), qr/out of service/, 'no log tells of it');
$c->quit;
Test::Exim::all_well();
done_testing();
