#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A spool that is full: mail is refused for now, and nothing is lost.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Abuse;
use Test::Crowd ();
use Test::Place qw(run_quietly);
use Test::RandomHeader qw(good);

part(40, sub {
  my ($count) = @_;
  my $crowd = Test::Crowd->new;
  my $clients = sub { my @p = map { $crowd->add(mail_peer(listed(), good()->{bytes}, @_)) } 1 .. $count; $crowd->run; return @p };
  my $odd = sub { my ($like, @p) = @_; return map { "$_->{outcome} in $_->{in}: $_->{said}" } grep { $_->{outcome} ne 'unexpected' || $_->{replies}[-1] !~ $like } @p };
  exim('small', set => { check_spool_space => '2000G', check_spool_inodes => 2_147_483_647 });
  none_of('less space than check_spool_space: 452 at once', $odd->(qr/^452 /, $clients->()));
  all_delivered();
  my $cannot = no_mounts();
  SKIP: {
    skip($cannot, 1) if $cannot;
    # A file system of its own, that only this daemon sees
    my ($disk, $mount) = small_disk('600k');
    my $exim = exim('full', panic => qr/No space left|spool/, before => [own_mounts($mount)],
      spool => $disk, set => { queue_only => 'true', check_spool_space => 0, check_spool_inodes => 0, message_logs => 'false' });
    my @peers = $clients->(lines => 400);
    my @refused = grep { $_->{outcome} ne 'done' } @peers;
    cmp_ok(scalar(@peers - @refused), '>', 0, 'some messages are accepted while the disk gets full');
    cmp_ok(scalar @refused, '>', 0, 'some are not');
    none_of('these are refused for now', $odd->(qr/^4/, @refused));
    run_quietly('grow', inside('mount', '-o', 'remount,size=50m', $disk));
    serves();
    run_quietly('queue', inside($exim->command('-qff')));
    all_delivered();
  }
});
