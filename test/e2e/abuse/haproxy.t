#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# HAProxy is killed in the middle of messages: their sessions end, and nothing is lost.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Abuse;
use Test::Crowd ();

part(3, sub {
  my ($count) = @_;
  my $exim = exim('mx', set => { smtp_receive_timeout => NEVER . 's' });
  my $proxy = start_proxy();
  my $crowd = Test::Crowd->new;
  for my $time (1 .. $count) {
    my $ready = 0;
    my @peers = map {
      my $peer = mail_peer(through_proxy(), '', messages => 2);
      my @end = grep { ($peer->{steps}[$_][1] // '') =~ /\r\n\.\r\n\z/ } 0 .. $peer->{steps}->$#*;
      my $last = $peer->{steps}[ $end[1] ][1];
      my @half = $_ % 4 ? ([send => substr $last, 0, int rand length($last) - 4]) : ([send => $last]);
      splice $peer->{steps}->@*, $end[1] - 1, 99, $_ % 4 ? () : $peer->{steps}[ $end[1] - 1 ], @half, [call => sub { $ready++ }], [wait => NEVER];
      $crowd->add($peer);
    } 1 .. 20;
    1 while $ready < @peers && $crowd->turn(0.2);
    $proxy->stop('KILL');
    $crowd->run;
    none_of("every client is let down in its second message, time $time", map { "$_->{outcome} in $_->{in}: $_->{said}" } grep { $_->{outcome} !~ /\A(?:closed|reset)\z/ || $_->{in} ne 'wait' } @peers);
    ok($exim->no_children, "every session has ended, time $time");
    $proxy->start;
  }
  my @good = map { $crowd->add(mail_peer(through_proxy(), '')) } 1 .. 10;
  $crowd->run;
  all_served('good clients are served afterwards', @good);
  all_delivered();
});
