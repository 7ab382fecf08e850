#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Too few file descriptors: clients are served, refused for now or let down, and nothing is lost.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Time::HiRes qw(sleep);
use Test::Abuse;
use Test::Crowd ();
use Test::Place qw(alive find_tool within);
use Test::RandomHeader qw(good);

find_tool('prlimit') or plan(skip_all => 'no prlimit here');

# The daemon gets no more file descriptors than it has, or one more, or two... Its processes inherit that. With none for its log
# Exim's daemon ends; that is as good an outcome as others, as long as nothing is lost.
part(3, sub {
  my ($count) = @_;
  my $exim = exim('mx', panic => qr/Too many open files|descriptor|could not open panic log/);
  my $crowd = Test::Crowd->new;
  my (%count, @odd, @ended);
  for my $more (0 .. 2, 4 .. 6) {      # with 3 a delivery waits for its hints for a long time
    my ($has, $normal) = daemon_files();
    limit_files($has + $more);
    # clock: one that hears nothing is let go after this; that is no fault
    my @peers = map { $crowd->add({ mail_peer(listed(), good()->{bytes})->%*, quiet => $more ? 10 : 2 }) } 1 .. $count;
    $crowd->run;
    for my $p (@peers) {
      my $what = $p->{outcome} eq 'done' ? 'accepted' : $p->{outcome} eq 'unexpected' && $p->{replies}[-1] =~ /^4/ ? 'refused'
        : $p->{outcome} =~ /\A(?:closed|reset|refused)\z/ ? 'closed' : $p->{outcome} eq 'late' && $p->{said} eq '' ? 'waiting' : 'odd';
      $count{$what}++;
      push @odd, "$more more: $p->{outcome} in $p->{in}: " . substr $p->{said}, -300 if $what eq 'odd';
    }
    eval { limit_files($normal) };
    my $next = $crowd->add(mail_peer(listed(), good()->{bytes}));
    $crowd->run;
    next if $next->{outcome} eq 'done' || !within(sub { !eval { alive($exim->{pid}) } });
    push @ended, $more;
    $exim->start_daemon->ready;
  }
  note("@ended more file descriptors were too few for the daemon");
  none_of('the daemon ends only where it cannot write its log', grep { $_ >= LOG_NEEDS } @ended);
  none_of('each client is served, or refused for now, or let down', @odd);
  ok($count{accepted} && keys %count > 1, 'some are served, and some are not');
  serves();
  within(sub { !$exim->queued or do { $exim->run('-qff'); sleep 0.5; 0 } });    # clock: between two looks
  all_delivered();
});
