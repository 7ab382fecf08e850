#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A node is drained by hand: it gets no new sessions, on any port, and its sessions go on, while HAProxy is reloaded and Exim restarted.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Guide;
use Test::Place qw(within);

my ($port, $haproxy, @node) = cluster();
my $sessions = sub { my ($name) = @_; return $haproxy->admin('show stat') =~ /^smtp,$name,[^,]*,[^,]*,(\d+),/m ? $1 : undef };    # the fifth field

is(nodes_used(), 'mx1 mx2 mx3', 'all nodes get sessions before');
within(sub { !grep { $sessions->($_) } qw(mx1 mx2 mx3) });
my $c = session($port->{25});
my $node = Test::Guide::named($c->{node});
my $rest = join ' ', grep { $_ ne $c->{node} } qw(mx1 mx2 mx3);
my $goes_on = sub { my ($name) = @_; return like((mail($c))[0], qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] /, $name) };
$haproxy->admin("set server smtp/$c->{node} state drain");
is(nodes_used(), $rest, 'the node gets no new sessions');
is($sessions->($c->{node}), 1, 'HAProxy shows its one session');
$goes_on->('its session goes on');
Test::Guide::reload($haproxy);
is(nodes_used(), $rest, 'it gets no new sessions after a reload of HAProxy');
$goes_on->('its session goes on after a reload of HAProxy');
$node->stop_daemon;
$node->start_daemon->ready;
$goes_on->('its session goes on after a restart of Exim');
$c->quit;
is(nodes_used(), $rest, 'it gets no new sessions after a restart of Exim');
$haproxy->admin("set server smtp/$c->{node} state ready");
ok($haproxy->all_up(3), 'HAProxy finds it up when it is ready');
is(nodes_used(), 'mx1 mx2 mx3', 'all nodes get sessions again');
Test::Exim::all_well();
done_testing();
