#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections with headers of all kinds, meant for a build with sanitizers (scripts/build --config asan).
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use List::Util qw(first max);
use Test::Abuse;
use Test::Crowd ();
use Guide qw(address node_log);
use Test::RandomHeader qw(bytes pick);
use Lateness qw(now);

sub storm {
  my ($count) = @_;
  print "# storm: this binary has no sanitizers: what they would see is not seen\n" if not $sanitized;
  # clock: pieces of good headers come in time unless the machine is later than this; a few peers wait for it
  exim_node(main => { proxy_protocol_timeout => '10s', smtp_receive_timeout => NEVER . 's', smtp_accept_max => 300 });
  my ($n, %count, @fault, @rss) = (0);
  my $crowd = Test::Crowd->new(width => 40, source => sub {
    return if $n >= $count;
    my $number = ++$n;
    my $class = pick(@class);
    my $header = $make{$class}->();
    my $from = 1 + int rand LISTED;
    return { peer($from, storm_steps($header, address($from)))->%*, after => sub {
      $count{$class}++;
      my $fault = storm_fault($_[0], $class) // return;
      push @fault, sprintf "number %d (%s) from %s: %s, got \"%s\"; header %s", $number, $class, $_[0]{from}, $fault, substr($_[0]{said}, -200), unpack 'H400', $header->{bytes};
    } };
  });
  my ($start, $told) = (now) x 2;    # clock: for what is told, not for a verdict
  my $sample = sub { push @rss, [$n, memory(), scalar children()] };
  while ($crowd->turn(0.5)) {
    $sample->() if $n >= @rss * $count / 50;
    next if now < $told + 10;
    $told = now;
    printf "# storm: %d of %d connections, %.0f/s, the daemon has %d kB, %d are wrong\n", $n, $count, $n / (now - $start), memory(), scalar @fault;
  }
  my $seconds = now - $start;
  no_children();
  $sample->();
  printf "# storm: %s; %.0f/s, up to %d processes; the daemon's memory in kB: %s\n", join(', ', map { "$count{$_} $_" } sort keys %count), $n / $seconds,
    max(map { $_->[2] } @rss), join ' ', map { $rss[int $_ * $#rss / 10][1] } 0 .. 10;
  check("storm: of $count connections each gets the right answer", !@fault, few(scalar(@fault) . ' are not', @fault));
  # With sanitizers the memory of the first 2000 connections is not used again.
  my $early = max map { $_->[1] } grep { $_->[0] <= max(0.3 * $count, $sanitized ? 2000 : 0) } @rss;
  check("storm: the daemon's memory does not grow", $rss[-1][1] - $early <= 1024, "from $early kB to $rss[-1][1] kB");
  refusals(int 1 + $count / 9);
  serves('storm');
  check_mail('storm');
  check_after('storm');
  return;
}

# Commands after a failed negotiation, one more than are refused. A terminal would obey some; some have a line that never ends, or
# ends after very long.
use constant { REFUSED => qr/\A503 Command refused, required Proxy negotiation failed$/, TOO_MANY => qr/^554 Too many commands\r\n\z/m, LONG => 600_000 };

sub refused_command {
  return pick('NOOP', '', 'EHLO client.example', 'MAIL FROM:<>', 'AUTH PLAIN AGEAYg==', 'QUIT x', 'x' x 3000, "\0", "N\0OP", "\e]0;x\a", "\xe2\x80\xa8", "\x9b2J", "\b\b\r\t", bytes(100) =~ s/\n//gr);
}

sub refused_steps {
  my ($number) = @_;
  my @command = map { refused_command() } 0 .. REFUSALS;
  $command[rand @command] = 'x' x LONG if $number % 10 == 0;
  my @steps = ([send => BAD], [reply => qr/\A220 mx client=\[[\d.]+\] proxy=\[\]$/]);
  push @steps, map { ([send => "$_\r\n"], [reply => REFUSED]) } @command[0 .. REFUSALS - 1];
  return (@steps, [send => "QUIT\r\n"], [reply => qr/\A221 /], [end => qr//]) if $number % 10 == 1;
  return (@steps[0 .. 1 + 2 * int rand 1 + REFUSALS], [send => 'x' x LONG], pick([shut => 1], [reset => 1]), [end => qr/^421 \S+ lost input connection\r\n\z/m]) if $number % 10 == 2;
  return (@steps, [send => "$command[-1]\r\n"], [end => TOO_MANY]);
}

sub refusals {
  my ($count) = @_;
  my $n = 0;
  my @fault;
  my $before = length node_log($node);    # the storm's own peers may have been dropped as well
  my $crowd = Test::Crowd->new(width => 40, source => sub {
    return if $n >= $count;
    my $number = ++$n;
    return { listed(refused_steps($number))->%*, after => sub {
      push @fault, sprintf "number %d: %s in %s, got \"%s\"", $number, $_[0]{outcome}, $_[0]{in}, substr $_[0]{said}, -200 if $_[0]{outcome} ne 'done';
    } };
  });
  $crowd->run;
  check('storm: ' . $count * REFUSALS . " commands after a bad header are refused, and QUIT is QUIT", !@fault, few(scalar(@fault) . ' are not', @fault));
  my @dropped = substr(node_log($node), $before) =~ /SMTP call from \S+ dropped: (.*)$/mg;
  my $dropped = grep { $_ % 10 != 1 and $_ % 10 != 2 } 1 .. $count;
  my @other = grep { $_ ne 'too many commands after failed PROXY negotiation' } @dropped;
  check("storm: $dropped peers were dropped after that, and the log says no more of it", @dropped == $dropped && !@other, few(scalar(@dropped) . ' were', @other));
  my @raw = map { my $log = $_; grep { /[^\x20-\x7e\t]/ } split /\n/, node_log($node, $log) } qw(main reject);
  check('storm: no byte is in the logs that a terminal would obey', !@raw, few(map { unpack 'H400', $_ } @raw));
  return;
}

part('storm', 3000, \&storm);
