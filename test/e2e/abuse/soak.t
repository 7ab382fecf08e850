#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# All of it at once for TEST_MINUTES: see scripts/soak.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use Time::HiRes qw(sleep);
use Test::Abuse;
use Test::Crowd ();
use Guide qw(file address node_log exim_owner stop run_quietly within);
use Test::RandomHeader qw(good pick);
use Lateness qw(now worst);

use constant {
  SOAK_WIDTH => 50, TELL_EVERY => 10,
  CALM => 8, TROUBLE => 3,      # seconds without and with something broken
  AFTERWARDS => 2,              # seconds for which what was broken may still be felt
};

# All of it at once, for some minutes: clients of all kinds, and now and then something breaks. A client that it can have
# reached need not be served; every other one must be.
sub soak {
  my ($minutes) = @_;
  my $cannot = no_mounts();
  my $disk = file('disk');
  mkdir $disk or die "$disk: $!\n";
  exim_owner($disk);
  my $server = $cannot ? undef : name_server();
  my @as = $cannot ? () : own_mounts(small_disk($disk, '100m'), $server ? own_resolver() : ());
  exim_node(as => @as ? \@as : undef, list => listed_networks() . ($server ? ' ; lb.example.net' : ''), main => { spool_directory => $disk, proxy_protocol_timeout => DEADLINE . 's', smtp_receive_timeout => '5s',
    smtp_accept_max => 300, check_spool_space => 0, check_spool_inodes => 0, message_logs => 'false', dns_retrans => '1s', dns_retry => 1 });
  my %broken = troubles($cannot, $server);
  my @kinds = sort keys %broken;
  print "# soak: what breaks now and then: ", join(', ', @kinds), "\n";

  my (%count, @wrong, @trouble, @rss);
  my ($start, $n) = (now, 0);    # clock: how long it goes on
  my $end = $start + 60 * $minutes;
  my %source = soak_sources($broken{HAProxy});
  my @source = map { my $name = $_; ($name) x $source{$name}[0] } sort keys %source;
  my $crowd = Test::Crowd->new(width => SOAK_WIDTH, source => sub {
    return if now >= $end;
    my $name = pick(@source);
    my $number = ++$n;
    my ($peer, $judge) = $source{$name}[1]->();
    my $after = $peer->{after};
    return { %$peer, after => sub {
      my ($p) = @_;
      $after->($p) if $after;
      $count{$name}++;
      my $fault = $judge->($p) // return;
      return if $p->{outcome} ne 'late' and grep { $_->{end} + AFTERWARDS + TURNS * worst($_->{start}) > $p->{began} and $_->{start} < $p->{over} and $broken{ $_->{kind} }{reaches}->($name) } @trouble;
      push @wrong, sprintf 'number %d (%s) from %s after %.0f s: %s in %s, got "%s"', $number, $name, $p->{from}, now - $start, $fault, $p->{in}, substr $p->{said}, -200;
    } };
  });

  my ($told, $change, $now) = ($start, $start + CALM);
  while ($crowd->turn(0.2)) {
    my $time = now;
    if ($now and ($time >= $change or $time >= $end)) {
      $broken{ $now->{kind} }{mend}->();
      $now->{end} = now;
      ($now, $change) = (undef, $time + CALM);
    }
    elsif (not $now and @kinds and $time >= $change and $time + TROUBLE < $end) {
      push @trouble, $now = { kind => pick(@kinds), start => $time, end => 9**9**9 };
      $broken{ $now->{kind} }{break}->();
      $change = $time + TROUBLE;
    }
    next if $time < $told + TELL_EVERY;
    $told = $time;
    push @rss, [$n, memory()];
    soak_tell($time - $start, \%count, $#wrong + 1, $now);
  }
  if ($now) { $broken{ $now->{kind} }{mend}->(); $now->{end} = now }
  push @rss, [$n, memory()];
  soak_tell(now - $start, \%count, $#wrong + 1, undef);

  my %times;
  $times{ $_->{kind} }++ for @trouble;
  print "# soak: broken: ", join(', ', map { "$_ $times{$_} times" } sort keys %times), "\n" if %times;
  check("soak: of $n clients each was served or refused rightly", !@wrong, few(scalar(@wrong) . ' were not', @wrong));
  my $early = max map { $_->[1] } $rss[0], grep { $_->[0] <= max(0.3 * $n, $sanitized ? 2000 : 0) } @rss;
  check("soak: the daemon's memory does not grow", $rss[-1][1] - $early <= 1024, "from $early kB to $rss[-1][1] kB");
  serves('soak');
  within(sub { node_queue_is_empty() or do { run_quietly('queue', $cannot ? () : inside(), Guide::exim_command($node, '-qff')); sleep 0.5; 0 } });    # clock: between two looks

  # On a full disk Exim cannot write down that it has delivered a message, which may come again then.
  my $panic = node_log($node, 'panic');
  check_mail('soak', $panic =~ /^\S+ \S+ (\S+) failed to update journal for /mg);
  $_->{stop} and $_->{stop}->() for values %broken;
  check_after('soak', qr/Too many open files|No space left|failed to (?:update journal|write)|spool file|gave DEFER|descriptor/);
  return;
}

sub node_queue_is_empty { return !(my @left = glob "/proc/$node->{pid}/root" . file('disk', 'input', '*-H')) }

sub soak_tell {
  my ($seconds, $count, $wrong, $trouble) = @_;
  my %is;
  $is{$_}++ for values %mail;
  printf "# soak: %d:%02d: %s; mail: %s; %d processes, the daemon has %d kB; %d wrong%s\n", $seconds / 60, $seconds % 60,
    join(', ', map { "$_ $count->{$_}" } sort keys %$count), join(', ', map { "$_ $is{$_}" } sort keys %is), scalar children(), memory(), $wrong,
    $trouble ? "; broken: $trouble->{kind}" : '';
  return;
}

# What can break: how, how it is mended, and which clients it reaches
sub troubles {
  my ($cannot, $server) = @_;
  my %broken;
  if (grep { -x "$_/haproxy" } split /:/, $ENV{PATH}) {
    my $proxy = start_proxy();
    $broken{HAProxy} = { break => sub { stop($proxy, 'KILL') }, mend => sub { $proxy = start_proxy() }, reaches => sub { $_[0] =~ /HAProxy/ }, stop => sub { stop($proxy, 'KILL') } };
  }
  if (grep { -x "$_/prlimit" } split /:/, $ENV{PATH}) {
    my ($has, $normal) = daemon_files();
    $broken{descriptors} = { break => sub { limit_files($has + LOG_NEEDS + 1 + int rand 4) }, mend => sub { limit_files($normal) }, reaches => sub { 1 } };
  }
  if (not $cannot) {
    my $size = sub { eval { run_quietly('resize', inside('mount', '-o', "remount,size=$_[0]", file('disk'))); 1 } };
    my $used = sub { my ($n) = qx(@{[inside('df', '-k', '--output=used', file('disk'))]}) =~ /(\d+)\s*\z/; $n };
    my $full = sub { for my $more (4, 100, 1000) { return if $size->($used->() + $more . 'k') } };     # it may not be less than is used
    $broken{disk} = { break => $full, mend => sub { $size->('100m') or die "the disk cannot be made larger\n" }, reaches => sub { $_[0] =~ /mail/ } };
  }
  if ($server) {
    my $answering = answer_dns($server);
    $broken{DNS} = { break => sub { kill 'STOP', $answering }, mend => sub { kill 'CONT', $answering }, reaches => sub { $_[0] =~ /unlisted/ } };
  }
  return %broken;
}

# Name => [how often, what makes one: a peer, and what judges it]
sub soak_sources {
  my ($proxy) = @_;
  my $done = sub { $_[0]{outcome} eq 'done' ? undef : $_[0]{outcome} };
  my $gone = sub { $_[0]{outcome} eq 'late' ? 'late' : $_[0]{said} =~ /^250/m ? 'served' : undef };
  my %endless = endless_kinds(0.5);
  my %make = (
    'headers' => [50, sub {
      my $class = pick(@class);
      my $header = $make{$class}->();
      my $from = 1 + int rand LISTED;
      return (peer($from, storm_steps($header, address($from))), sub { storm_fault($_[0], $class) });
    }],
    'mail' => [15, sub { return (mail_peer(listed(), good()->{bytes}, messages => 1 + int rand 3), $done) }],
    'unlisted mail' => [5, sub { return (mail_peer(peer(NODE + 1 + int rand 100), ''), $done) }],
    'slow' => [4, sub { return (listed(slow_steps()), $gone) }],
    'endless' => [4, sub { return (listed($endless{ pick(sort keys %endless) }->@*), $gone) }],
    'broken mail' => [12, sub {
      my $peer = mail_peer(listed(), good()->{bytes});
      splice $peer->{steps}->@*, rand $peer->{steps}->@*, 99, [pick(qw(reset close)) => 1];
      return ($peer, $done);
    }],
  );
  $make{'HAProxy mail'} = [10, sub { return (mail_peer(through_proxy(), '', messages => 1 + int rand 3), $done) }] if $proxy;
  return %make;
}

defined $ENV{TEST_MINUTES} ? part('soak', $ENV{TEST_MINUTES}, \&soak) : Test::More::plan(skip_all => 'TEST_MINUTES is not set');
