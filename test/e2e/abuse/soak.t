#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# All of it at once, for TEST_MINUTES minutes (see scripts/soak): clients of all kinds, and now and then something breaks.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Time::HiRes qw(sleep);
use Lateness qw(now worst);
use Test::Abuse;
use Test::Crowd ();
use Test::Place qw(file find_tool run_quietly within);
use Test::RandomHeader qw(good pick);

plan(skip_all => 'TEST_MINUTES is not set') if !defined $ENV{TEST_MINUTES};

use constant {
  WIDTH => 50, TELL_EVERY => 10,
  CALM => 8, TROUBLE => 3,      # seconds without and with something broken
  AFTERWARDS => 2,              # seconds for which what was broken may still be felt
};
my ($exim, $disk, %count, @wrong);

# A client that a trouble can have reached need not be served; every other one must be.
part($ENV{TEST_MINUTES}, sub {
  my ($minutes) = @_;
  my $cannot = no_mounts();
  ($disk, my @mount) = small_disk('100m');
  (my $server, my @resolver) = $cannot ? () : name_server();
  $exim = exim('mx', $cannot ? () : (before => [own_mounts(@mount, @resolver)]), spool => $disk, list => LISTED . ($server ? ' ; lb.example.net' : ''),
    panic => qr/Too many open files|No space left|failed to (?:update journal|write)|spool file|gave DEFER|descriptor|could not open panic log/,
    set => { proxy_protocol_timeout => DEADLINE . 's', smtp_receive_timeout => '5s', smtp_accept_max => 300, check_spool_space => 0, check_spool_inodes => 0,
      message_logs => 'false', dns_retrans => '1s', dns_retry => 1 });
  my %broken = troubles($cannot, $server);
  my @kinds = sort keys %broken;
  my %source = sources($broken{HAProxy});
  my @source = map { my $name = $_; ($name) x $source{$name}[0] } sort keys %source;
  my ($start, $n) = (now, 0);    # clock: how long it goes on
  my $end = $start + 60 * $minutes;
  my (@trouble, @rss);
  my $reached = sub { my ($p, $name) = @_; return grep { $_->{end} + AFTERWARDS + TURNS * worst($_->{start}) > $p->{began} && $_->{start} < $p->{over} && $broken{ $_->{kind} }{reaches}->($name) } @trouble };
  my $crowd = Test::Crowd->new(width => WIDTH, source => sub {
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
      push @wrong, sprintf 'number %d (%s) from %s after %.0f s: %s in %s, got "%s"', $number, $name, $p->{from}, now - $start, $fault, $p->{in}, substr $p->{said}, -200
        if $p->{outcome} eq 'late' || !$reached->($p, $name);
    } };
  });

  my ($told, $change, $now) = ($start, $start + CALM);
  my $mend = sub { $broken{ $now->{kind} }{mend}->(); $now->{end} = now; ($now, $change) = (undef, now + CALM) };
  while ($crowd->turn(0.2)) {
    my $time = now;
    if ($now && ($time >= $change || $time >= $end)) { $mend->() }
    elsif (!$now && @kinds && $time >= $change && $time + TROUBLE < $end) {
      push @trouble, $now = { kind => pick(@kinds), start => $time, end => 9**9**9 };
      $broken{ $now->{kind} }{break}->();
      $change = $time + TROUBLE;
    }
    next if $time < $told + TELL_EVERY;
    $told = $time;
    push @rss, [$n, memory()];
    progress($time - $start, $now);
  }
  $mend->() if $now;
  push @rss, [$n, memory()];
  progress(now - $start);
  none_of("each of $n clients is served or refused as is due", @wrong);
  memory_is_steady($n, @rss);
  serves();
  my @inside = $cannot ? () : inside();
  within(sub { !glob "/proc/$exim->{pid}/root$disk/input/*-H" or do { run_quietly('queue', @inside, $exim->command('-qff')); sleep 0.5; 0 } });    # clock: between two looks
  # On a full disk Exim cannot write down that it has delivered a message, which may come again then.
  all_delivered($exim->log('panic') =~ /^\S+ \S+ (\S+) failed to update journal for /mg);
});

sub progress {
  my ($seconds, $trouble) = @_;
  my %is;
  $is{$_}++ for values %mail;
  printf "# %d:%02d: %s; mail: %s; %d processes, the daemon has %d kB; %d wrong%s\n", $seconds / 60, $seconds % 60,
    join(', ', map { "$_ $count{$_}" } sort keys %count), join(', ', map { "$_ $is{$_}" } sort keys %is), scalar $exim->children, memory(), scalar @wrong,
    $trouble ? "; broken: $trouble->{kind}" : '';
  return;
}

# What can break: how, how it is mended, and which clients it reaches
sub troubles {
  my ($cannot, $server) = @_;
  my %broken;
  if (find_tool('haproxy')) {
    my $proxy = start_proxy();
    $broken{HAProxy} = { break => sub { $proxy->stop('KILL') }, mend => sub { $proxy->start }, reaches => sub { $_[0] =~ /HAProxy/ } };
  }
  if (find_tool('prlimit')) {
    my ($has, $normal) = daemon_files();
    $broken{descriptors} = { break => sub { limit_files($has + LOG_NEEDS + 1 + int rand 4) }, mend => sub { limit_files($normal) }, reaches => sub { 1 } };
  }
  if (!$cannot) {
    my $size = sub { eval { run_quietly('resize', inside('mount', '-o', "remount,size=$_[0]", $disk)); 1 } };
    my $used = sub { my ($n) = qx(@{[inside('df', '-k', '--output=used', $disk)]}) =~ /(\d+)\s*\z/; $n };
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
sub sources {
  my ($proxy) = @_;
  my $done = sub { $_[0]{outcome} eq 'done' ? undef : $_[0]{outcome} };
  my $gone = sub { $_[0]{outcome} eq 'late' ? 'late' : $_[0]{said} =~ /^250/m ? 'served' : undef };
  my %endless = endless_kinds(0.5);
  return (
    'headers' => [50, sub {
      my $class = pick(@class);
      my $peer = listed();
      $peer->{steps} = [storm_steps($make{$class}->(), $peer->{from})];
      return ($peer, sub { storm_fault($_[0], $class) });
    }],
    'mail' => [15, sub { return (mail_peer(listed(), good()->{bytes}, messages => 1 + int rand 3), $done) }],
    'unlisted mail' => [5, sub { return (mail_peer(peer('127.0.3.' . int(1 + rand 100)), ''), $done) }],
    'slow' => [4, sub { return (listed(slow_steps()), $gone) }],
    'endless' => [4, sub { return (listed($endless{ pick(sort keys %endless) }->@*), $gone) }],
    'broken mail' => [12, sub {
      my $peer = mail_peer(listed(), good()->{bytes});
      splice $peer->{steps}->@*, rand $peer->{steps}->@*, 99, [pick(qw(reset close)) => 1];
      return ($peer, $done);
    }],
    $proxy ? ('HAProxy mail' => [10, sub { return (mail_peer(through_proxy(), '', messages => 1 + int rand 3), $done) }]) : (),
  );
}
