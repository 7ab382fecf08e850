#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections with headers of all kinds, meant for a build with sanitizers (scripts/build --config asan).
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use Test::More;
use Test::Abuse;
use Test::Crowd ();
use Test::RandomHeader qw(bytes pick);

part(3000, sub {
  my ($count) = @_;
  # clock: pieces of good headers come in time unless the machine is later than this; a few peers wait for it
  my $exim = exim('mx', set => { proxy_protocol_timeout => '10s', smtp_receive_timeout => NEVER . 's', smtp_accept_max => 300 });
  my ($n, %count, @fault, @rss) = (0);
  my $crowd = Test::Crowd->new(width => 40, source => sub {
    return if $n >= $count;
    my $number = ++$n;
    my $class = pick(@class);
    my $header = $make{$class}->();
    my $peer = listed();
    $peer->{steps} = [storm_steps($header, $peer->{from})];
    return { %$peer, after => sub {
      $count{$class}++;
      my $fault = storm_fault($_[0], $class) // return;
      push @fault, sprintf "number %d (%s) from %s: %s, got \"%s\"; header %s", $number, $class, $_[0]{from}, $fault, substr($_[0]{said}, -200), unpack 'H400', $header->{bytes};
    } };
  });
  while ($crowd->turn(0.5)) { push @rss, [$n, memory()] if $n >= @rss * $count / 50 }
  $exim->no_children;
  push @rss, [$n, memory()];
  note(join ', ', map { "$count{$_} $_" } sort keys %count);
  none_of("each of $count connections gets the right answer", @fault);
  memory_is_steady($count, @rss);
  refusals($exim, int 1 + $count / 9);
  serves();
  all_delivered();
});

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
  my ($exim, $count) = @_;
  my $n = 0;
  my @fault;
  my $before = length $exim->log;    # the storm's own peers may have been dropped as well
  Test::Crowd->new(width => 40, source => sub {
    return if $n >= $count;
    my $number = ++$n;
    return { listed(refused_steps($number))->%*, after => sub {
      push @fault, sprintf "number %d: %s in %s, got \"%s\"", $number, $_[0]{outcome}, $_[0]{in}, substr $_[0]{said}, -200 if $_[0]{outcome} ne 'done';
    } };
  })->run;
  none_of($count * REFUSALS . ' commands after a bad header are refused, and QUIT is QUIT', @fault);
  my @why = substr($exim->log, $before) =~ /SMTP call from \S+ dropped: (.*)$/mg;
  is(scalar @why, scalar(grep { $_ % 10 != 1 && $_ % 10 != 2 } 1 .. $count), 'the peers that send more are dropped');
  none_of('the log says no more of it', grep { $_ ne 'too many commands after failed PROXY negotiation' } @why);
  return;
}
