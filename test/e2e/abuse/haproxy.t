#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# HAProxy is killed in the middle of messages: their sessions end, and nothing is lost.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use Test::Abuse;
use Test::Crowd ();
use Guide qw(stop);

sub haproxy {
  my ($count) = @_;
  return skip('haproxy: it is not installed') if not grep { -x "$_/haproxy" } split /:/, $ENV{PATH};
  exim_node(main => { smtp_receive_timeout => NEVER . 's' });
  my $proxy = start_proxy();
  my $crowd = Test::Crowd->new;
  my $stuck = 0;
  for my $time (1 .. $count) {
    no_children();       # that of the look whether HAProxy is up
    my $ready = 0;
    my @peers = map {
      my $peer = mail_peer(through_proxy(), '', messages => 2);
      my @end = grep { ($peer->{steps}[$_][1] // '') =~ /\r\n\.\r\n\z/ } 0 .. $peer->{steps}->$#*;
      my $last = $peer->{steps}[ $end[1] ][1];
      my @half = $_ % 4 ? ([send => substr $last, 0, int rand length($last) - 4]) : ([send => $last]);
      splice $peer->{steps}->@*, $end[1] - 1, 99, $_ % 4 ? () : $peer->{steps}[ $end[1] - 1 ], @half, [call => sub { $ready++ }], [wait => NEVER];
      $crowd->add($peer);
    } 1 .. 20;
    1 while $ready < @peers and $crowd->turn(0.2);
    stop($proxy, 'KILL');
    $crowd->run;
    $stuck += grep { $_->{outcome} !~ /\A(?:closed|reset)\z/ or $_->{in} ne 'wait' } @peers;
    my $gone = no_children();
    check("haproxy: killed, time $time: $ready sessions were in a message, and have ended", $ready == @peers && $gone && !$stuck,
      few(map { "$_->{outcome} in $_->{in}: $_->{said}" } @peers));
    $proxy = start_proxy();
  }
  my @good = map { $crowd->add(mail_peer(through_proxy(), '')) } 1 .. 10;
  $crowd->run;
  check_served('haproxy: good clients are served afterwards', @good);
  check_mail('haproxy');
  check_after('haproxy');
  return;
}

part('haproxy', 3, \&haproxy);
