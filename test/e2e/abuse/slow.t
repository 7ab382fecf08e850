#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# 500 peers at once that send nothing, or a byte a second: good clients are served, and the others are gone in time.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use Test::Abuse;
use Test::Crowd ();
use Test::RandomHeader qw(good);
use Lateness qw(now worst);

sub slow {
  my ($count) = @_;
  # While all of them are there: their deadline is far.
  exim_node(drop => 1);
  my $crowd = Test::Crowd->new;
  my @bad = map { $crowd->add({ listed([wait => NEVER])->%*, limit => NEVER }) } 1 .. $count;
  my @good = map { $crowd->add(mail_peer(peer($_), good()->{bytes}, messages => 3, pause => 0.5)) } 1 .. 20;
  1 while $crowd->turn(1) and grep { not $_->{outcome} } @good;
  check_served("slow: good clients are served while $count silent ones are there", @good);
  my @left = grep { $_->{outcome} } @bad;
  check('slow: these are still there', !@left, few(map { "$_->{outcome}: $_->{said}" } @left));
  check_mail('slow');
  again();

  # And with the contract's deadline. When that is over for all at once, it takes the machine a while to end them: how long is
  # seen from as many that are refused without one.
  exim_node(drop => 1, main => { proxy_protocol_timeout => DEADLINE . 's' });
  my ($allowed, @seconds);
  for (1 .. ATTEMPTS) {
    my $start = now;
    $crowd = Test::Crowd->new;
    my @quick = map { $crowd->add(listed([send => BAD], [end => qr//])) } 1 .. $count;
    $crowd->run;
    my $ending = max map { $_->{over} - $_->{began} } @quick;

    @bad = map { $crowd->add(listed(slow_steps())) } 1 .. $count;
    @good = map { $crowd->add(mail_peer(peer($_), good()->{bytes}, messages => 3, pause => 0.5)) } 1 .. 20;
    my ($most, $again) = (0, 1);
    while ($again) {
      my $until = now + 0.5;    # clock: how often they are counted
      1 while ($again = $crowd->turn(0.5)) and now < $until;
      $most = max $most, scalar children();
    }
    @seconds = sort { $a <=> $b } map { ($_->{gone_at} // $_->{over}) - $_->{began} } @bad;
    $allowed = DEADLINE + SESSION + 2 * $ending + TURNS * worst($start);    # clock: the upper bound, by how busy the machine was meanwhile
    printf "# slow: %d bad peers and 20 good ones, up to %d processes; bad ones were gone after %.2f s (median) to %.2f s, as many without a deadline after %.2f s\n",
      $count, $most, @seconds[@seconds / 2, -1], $ending;
    # clock: a good client may be too late as well, if the machine is
    last if $seconds[-1] <= $allowed and not grep { $_->{outcome} ne 'done' } @good;
  }
  my @late = grep { $_ > $allowed } @seconds;
  check(sprintf('slow: all bad peers were gone within %.1f s', $allowed), !@late, @late . sprintf ' were not; the last after %.2f s', $seconds[-1]);
  my @odd = grep { $_->{said} !~ /\A550 this port is for the load balancers\r\n\z/ } @bad;
  check('slow: each was told why', !@odd, few(map { "$_->{outcome}: $_->{said}" } @odd));
  check_served('slow: every good client is served', @good);
  check_mail('slow');
  check_after('slow');
  return;
}

part('slow', 500, \&slow);
