#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Too few file descriptors: clients are served, refused for now or let down, and nothing is lost.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use Time::HiRes qw(sleep);
use Test::Abuse;
use Test::Crowd ();
use Guide qw(file node_queue run_exim within restart_node alive);
use Test::RandomHeader qw(good);
use Lateness qw(now);

# The daemon gets no more file descriptors than it has, or one more, or two... Its processes inherit that. With none for its log
# Exim's daemon ends; that is as good an outcome as others, as long as nothing is lost.
sub files {
  my ($count) = @_;
  return skip('files: there is no prlimit') if not grep { -x "$_/prlimit" } split /:/, $ENV{PATH};
  exim_node();
  my $crowd = Test::Crowd->new;
  my (%count, @odd, @ended);
  for my $more (0 .. 2, 4 .. 6) {      # with 3 a delivery waits for its hints for a long time
    my ($has, $normal) = daemon_files();
    limit_files($has + $more);
    # clock: one that hears nothing is let go after this; that is no fault
    my @peers = map { $crowd->add({ mail_peer(listed(), good()->{bytes})->%*, quiet => $more ? 10 : 2 }) } 1 .. $count;
    $crowd->run;
    my %is;
    for my $p (@peers) {
      my $what = $p->{outcome} eq 'done' ? 'accepted' : $p->{outcome} eq 'unexpected' && $p->{replies}[-1] =~ /^4/ ? 'refused'
        : $p->{outcome} =~ /\A(?:closed|reset|refused)\z/ ? 'closed' : $p->{outcome} eq 'late' && $p->{said} eq '' ? 'waiting' : 'odd';
      $is{$what}++;
      $count{$what}++;
      push @odd, "$more more: $p->{outcome} in $p->{in}: " . substr $p->{said}, -300 if $what eq 'odd';
    }
    eval { limit_files($normal) };
    my $next = $crowd->add(mail_peer(listed(), good()->{bytes}));
    $crowd->run;
    my $alive = $next->{outcome} eq 'done' || !within(sub { not eval { alive($node->{pid}) } });
    print "# files: $more more than the daemon's $has: ", join(', ', map { "$_ $is{$_}" } sort keys %is), $alive ? '' : '; the daemon has ended', "\n";
    if (not $alive) { push @ended, $more; restart_node($node) }
  }
  my $not = @ended ? ' (with ' . join(' and ', @ended) . ' more)' : '';
  check("files: the daemon ended only where it could not write its log$not", !grep({ $_ >= LOG_NEEDS } @ended), '');
  check('files: each client was served, or refused for now, or let down', !@odd, few(@odd));
  check("files: some were served, and some were not", $count{accepted} && keys %count > 1, '');
  serves('files');
  empty_queue();
  check_mail('files');
  check_after('files', qr/Too many open files|descriptor/);
  return;
}

sub empty_queue {
  within(sub { node_queue($node) == 0 or do { run_exim($node, '-qff'); sleep 0.5; 0 } });    # clock: between two looks
  return;
}

part('files', 3, \&files);
