#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A spool that is full: mail is refused for now, and nothing is lost.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use Test::Abuse;
use Test::Crowd ();
use Guide qw(file exim_owner run_quietly);
use Test::RandomHeader qw(good);
use Lateness qw(now);

sub spool {
  my ($count) = @_;
  exim_node(main => { check_spool_space => '2000G', check_spool_inodes => 2_147_483_647 });
  my $crowd = Test::Crowd->new;
  my @peers = map { $crowd->add(mail_peer(listed(), good()->{bytes})) } 1 .. $count;
  $crowd->run;
  my @odd = grep { $_->{outcome} ne 'unexpected' or $_->{replies}[-1] !~ /^452 / } @peers;
  check('spool: less space than check_spool_space: 452 at once', !@odd, few(map { "$_->{outcome} in $_->{in}: $_->{said}" } @odd));
  check_mail('spool');
  check_after('spool');
  my $cannot = no_mounts();
  return skip("spool: a disk that is full: $cannot") if $cannot;
  again();

  # A file system of its own, that only this daemon sees
  my $disk = file('disk');
  mkdir $disk or die "$disk: $!\n";
  exim_owner($disk);
  my @as = own_mounts(small_disk($disk, '600k'));
  exim_node(main => { spool_directory => $disk, queue_only => 'true', check_spool_space => 0, check_spool_inodes => 0, message_logs => 'false' }, as => \@as);
  @peers = map { $crowd->add(mail_peer(listed(), good()->{bytes}, lines => 400)) } 1 .. $count;
  $crowd->run;
  my $accepted = grep { $_ eq 'accepted' } values %mail;
  my @refused = grep { $_->{outcome} ne 'done' } @peers;
  @odd = grep { $_->{outcome} ne 'unexpected' or $_->{replies}[-1] !~ /^4/ } @refused;
  check("spool: the disk is full: $accepted accepted, " . @refused . ' refused for now', $accepted && @refused && !@odd, few(map { "$_->{outcome} in $_->{in}: " . ($_->{replies}[-1] // '') } @odd));
  run_quietly('grow', inside('mount', '-o', 'remount,size=50m', $disk));
  serves('spool');
  run_quietly('queue', inside(Guide::exim_command($node, '-qff')));
  check_mail('spool');
  check_after('spool', qr/No space left|spool/);
  return;
}

part('spool', 40, \&spool);
