#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# 500 peers at once that send nothing, or a byte a second: good clients are served, and the others are gone in time.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use Test::More;
use Lateness qw(now worst);
use Test::Abuse;
use Test::Crowd ();
use Test::RandomHeader qw(good);

part(500, sub {
  my ($count) = @_;
  # While all of them are there: their deadline is far.
  my $exim = exim('patient', defers => 1);
  my $crowd = Test::Crowd->new;
  my $good = sub { my @p = map { $crowd->add(mail_peer(listed(), good()->{bytes}, messages => 3, pause => 0.5)) } 1 .. 20; return @p };
  my @bad = map { $crowd->add({ listed([wait => NEVER])->%*, limit => NEVER }) } 1 .. $count;
  my @good = $good->();
  1 while $crowd->turn(1) && grep { !$_->{outcome} } @good;
  all_served("good clients are served while $count silent ones are there", @good);
  none_of('the silent ones are still there', map { "$_->{outcome}: $_->{said}" } grep { $_->{outcome} } @bad);
  all_delivered();
  close $_->{socket} for @bad;
  ok($exim->no_children, 'they end with their connections');

  # And with the contract's deadline. When that is over for all at once, it takes the machine a while to end them: how long is seen
  # from as many that are refused without one.
  exim('mx', defers => 1, set => { proxy_protocol_timeout => DEADLINE . 's' });
  my ($allowed, @seconds);
  for (1 .. ATTEMPTS) {
    my $start = now;
    $crowd = Test::Crowd->new;
    my @quick = map { $crowd->add(listed([send => BAD], [end => qr//])) } 1 .. $count;
    $crowd->run;
    my $ending = max map { $_->{over} - $_->{began} } @quick;
    @bad = map { $crowd->add(listed(slow_steps())) } 1 .. $count;
    @good = $good->();
    $crowd->run;
    @seconds = sort { $a <=> $b } map { ($_->{gone_at} // $_->{over}) - $_->{began} } @bad;
    $allowed = DEADLINE + SESSION + 2 * $ending + TURNS * worst($start);    # clock: the upper bound, by how busy the machine was meanwhile
    note(sprintf 'gone after %.2f s (median) to %.2f s, as many without a deadline after %.2f s', @seconds[@seconds / 2, -1], $ending);
    # clock: a good client may be too late as well, if the machine is
    last if $seconds[-1] <= $allowed && !grep { $_->{outcome} ne 'done' } @good;
  }
  cmp_ok($seconds[-1], '<=', $allowed, 'every bad peer is gone in time');
  none_of('each is told why', map { "$_->{outcome}: $_->{said}" } grep { $_->{said} !~ /\A451 this port is for the load balancers\r\n\z/ } @bad);
  all_served('good clients are served meanwhile', @good);
  all_delivered();
});
