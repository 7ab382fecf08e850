#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Many clients through some proxies. Some wait for their banner and stay a while, some go before it, some send only part of a header,
# and sessions are killed. After that the count of each client is exact. TEST_COUNT=N makes N connections, TEST_SEED=N the same ones.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Clients;
use Test::Crowd ();
use Test::Exim ();

use constant CLIENTS => 50;
my ($count, $seed) = ($ENV{TEST_COUNT} // 2000, $ENV{TEST_SEED} // int(time) % 1_000_000);
my $exim = limited('mx')->start_daemon->ready;
note("TEST_COUNT=$count TEST_SEED=$seed");
srand $seed;

my $left = $count;
my (%told, $killed);
my $crowd = Test::Crowd->new(width => 300, source => sub {
  return if $left-- <= 0;
  my $header = header('198.51.100.' . int(1 + rand CLIENTS), int rand 4);
  my @stay = ([wait => rand 2], [rand() < 0.5 ? 'close' : 'reset']);    # clock: sessions of several lengths
  my @steps = rand() < 0.1 ? ([send => substr $header, 0, 10], @stay) : ([send => $header], rand() < 0.1 ? () : [reply => qr/^220 /], @stay);
  return { from => '127.0.1.' . int(1 + rand 3), to => EXIM, port => $exim->{ports}[0], steps => \@steps, after => sub { $told{ $_[0]{replies}[0] // '' }++ } };
});
while ($crowd->turn(0.2)) {
  my @child = rand() > 0.05 ? () : $exim->children or next;
  $killed += kill 'KILL', $child[rand @child];
}
ok($exim->no_children, "every session of $count connections ends");
my @odd = grep { $_ ne '' && $_ ne TOO_MANY && !/^220 / } sort keys %told;
is("@odd", '', 'each is greeted or turned away');
ok($told{ (TOO_MANY) }, 'some are turned away') && note("$told{ (TOO_MANY) } were");
ok($killed, 'some are killed') && note("$killed were");
my @wrong;
for my $n (1 .. CLIENTS) {
  my @c = crowd($exim, LIMIT + 1, "198.51.100.$n");
  my $in = grep { $_->{reply} =~ /^220 / } @c;
  push @wrong, "client $n: $in" if $in != LIMIT;
  leave($exim, @c);
}
is(join("\n", @wrong), '', 'then each client has exactly its limit');
Test::Exim::all_well();
done_testing();
