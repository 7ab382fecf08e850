#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The limits of each client: connections at a time and in a minute. HAProxy closes those above; Exim says why it refuses them.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Guide;
use Test::Place qw(within);
use Test::SMTP ();

my ($port) = cluster();
my $ip = Test::Guide::client();
my @open = map { Test::SMTP->connect(from => $ip, to => FRONT, port => $_ % 2 ? $port->{25} : $port->{587}) } 1 .. OPEN;
is(scalar(grep { ($_->reply // '') =~ /^220 / } @open), OPEN, 'HAProxy lets ' . OPEN . ' connections of a client through at a time');
is(greeting($ip, $port->{25}), '', 'it closes one more');
ok(!eval { session($port->{tls}, from => $ip, tls => 'on-connect') }, 'it closes one more on another port');
like(greeting(Test::Guide::client(), $port->{25}), qr/^220 /, 'it lets another client through');
(shift @open)->quit;
ok(within(sub { greeting($ip, $port->{25}) =~ /^220 / }), 'it lets one more through when one has gone');
$_->quit for @open;

# As often as HAProxy allows. Exim's nodes have a limit each.
$ip = Test::Guide::client();
my @reply = map { greeting($ip, $port->{25}) } 1 .. RATE + 3;
my $good = grep { /^220 / } @reply;
cmp_ok($good, '>=', NODE_RATE, 'Exim lets a client in as often as one node allows');
cmp_ok($good, '<=', 3 * NODE_RATE, 'and no more often than all of them allow');
is(scalar(grep { /^451 too many connections from \Q$ip\E, try again later/ } @reply), RATE - $good, 'then it says why, with the client\'s address');
is(scalar(grep { $_ eq '' } @reply), 3, 'then HAProxy closes connections');
like(greeting(Test::Guide::client(), $port->{25}), qr/^220 /, 'another client is let in');
Test::Exim::all_well();
done_testing();
