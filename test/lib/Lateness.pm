# SPDX-License-Identifier: GPL-2.0-or-later
package Lateness;

# How late this machine is, for a test that holds something to a deadline of the contract: what comes after the
# deadline may be late by the machine's fault. A child measures that while the test runs.
#
#   now()           the monotonic clock, in seconds: Exim's deadlines are by the same one
#   measure(FILE)   starts the child, which writes to FILE; returns its pid. It ends with its parent
#   worst(SINCE)    the worst lateness from then until now, in seconds; in the caller or a process that it forked
#
# The child sleeps for a tenth of a second, then uses as much CPU time as a session of Exim. What both take beyond
# that is its lateness: a sleep alone would not show how long a busy processor makes a session wait for its next turn.

use strict;
use warnings;
use Exporter qw(import);
use IO::Handle ();
use List::Util qw(max);
use POSIX ();
use Time::HiRes qw(sleep clock_gettime CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID);

our @EXPORT_OK = qw(now measure worst);

use constant { NAP => 0.1, WORK => 0.01 };

my $file;

sub now () { return clock_gettime(CLOCK_MONOTONIC) }

sub measure {
  ($file) = @_;
  open my $out, '>', $file or die "$file: $!\n";
  $out->autoflush;
  my $parent = $$;
  my $pid = fork // die "fork: $!\n";
  return $pid if $pid;
  $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
  my $last = now();
  while (getppid == $parent) {
    sleep NAP;    # clock: this is the measure
    my $until = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) + WORK;
    1 while clock_gettime(CLOCK_PROCESS_CPUTIME_ID) < $until;
    my $now = now();
    print {$out} pack 'dd', $now, $now - $last - NAP - WORK;
    $last = $now;
  }
  POSIX::_exit(0);
}

sub worst {
  my ($since) = @_;
  open my $in, '<', $file or die "$file: $!\n";
  binmode $in;
  local $/;
  my @noted = unpack '(dd)*', readline($in) // '';
  my $worst = @noted ? now() - $noted[-2] - NAP - WORK : 0;    # that of the round which is not over
  while (my ($end, $late) = splice @noted, 0, 2) { $worst = max $worst, $late if $end > $since }
  return max $worst, 0;
}

1;
