# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Run;

# One scenario from its directory to its verdict, in a process of its own.
#
# The result is a hash: state (pass, fail or skip), reason, detail (text for the
# reader, such as a diff), changed (files recorded), kept (a directory).

use strict;
use warnings;
use File::Glob ":bsd_glob";
use POSIX ();
use Scenario::Munge ();
use Scenario::Place ();
use Scenario::Process ();
use Scenario::Script ();
use Scenario::Verdict ();

use constant TAIL_LINES => 12;
use constant CRASH => qr/SIGSEGV|AddressSanitizer|UndefinedBehaviorSanitizer|MemorySanitizer|LeakSanitizer|:\d+:\d+: runtime error: |\*\*\* (?:stack smashing|buffer overflow) detected|(?:free|malloc|realloc)\(\): |double free or corruption|Assertion `.*' failed/;

# world; scenario: { number, path, title, dir }; option: update, keep, timeout,
# verbose.
sub scenario {
  my ($world, $scenario, $option) = @_;
  POSIX::setsid();
  umask 022;
  my ($place, $process, $script);
  my $result = eval {
    local $SIG{TERM} = sub { die "interrupted\n" };
    local $SIG{ALRM} = sub { die "did not end within $option->{timeout} seconds"
      . ($script && $script->{at} ? ", at line $script->{at}: $script->{name}" : '') . "\n" };
    $place = Scenario::Place->new($world, $scenario->{number});
    chdir $place->{dir} or die "cannot enter $place->{dir}: $!\n";
    $process = Scenario::Process->new(world => $world, dir => $place->{dir}, number => $scenario->{number});
    $script = Scenario::Script->new(world => $world, place => $place, process => $process,
      path => $scenario->{path}, watch => watcher($scenario, $option));
    carry_out($world, $scenario, $option, $place, $process, $script);
  } // { state => 'fail', reason => $@ =~ s/\s+$//r, detail => '' };
  finish($result, $option, $place, $process);
  return $result;
}

sub watcher {
  my ($scenario, $option) = @_;
  return sub { } if not $option->{verbose};
  return sub { print STDERR "# $scenario->{number}: $_[0]\n" };
}

sub carry_out {
  my ($world, $scenario, $option, $place, $process, $script) = @_;
  my $conf = "$world->{suite}/confs/$scenario->{number}";
  my $unmet = $script->unmet(-e $conf ? Scenario::Script::read_file($conf) : '');
  return { state => 'skip', reason => $unmet } if defined $unmet;
  my $ok = eval {
    # clock: only a hang takes so long
    alarm $option->{timeout};
    $script->run;
    1;
  };
  my $problem = $@;
  alarm 0;
  my $outcome = $ok ? left_over($process, $script, $option->{timeout}) : failed($place, $problem, $process);
  $outcome //= crash($place);
  return $outcome // compared($world, $option, $place, $script);
}

sub failed {
  my ($place, $problem, $process) = @_;
  $process->clear;
  return { state => 'skip', reason => $problem->{skip} } if ref $problem;
  my ($first, $rest) = split /\n/, $problem, 2;
  return { state => 'fail', reason => $first, detail => ($rest // '') . tails($place) };
}

# A session may be about to end. What the script should have ended itself is not waited for, nor a server that
# still waits for a connection, as it is not in Exim's runtest.
sub left_over {
  my ($process, $script, $limit) = @_;
  my $no_server = qr{^(?!.* \./bin/server )};
  # clock: only a hang takes so long
  $process->wait_left(@{ $script->{daemons} } ? 0 : $limit, $no_server);
  my @left = grep { $_->[1] =~ $no_server } $process->clear or return undef;
  return { state => 'fail', reason => 'processes were left running',
    detail => join '', map { "$_->[0] $_->[1]\n" } @left };
}

# The end of what the commands wrote, to see why one failed.
sub tails {
  my ($place) = @_;
  my $text = '';
  my @names = (qw(test-stdout test-stderr test-stdout-server test-stderr-server),
    map { "spool/log/$_" } qw(mainlog servermainlog paniclog serverpaniclog));
  for my $name (@names) {
    my $path = "$place->{dir}/$name";
    next if not -s $path;
    my @lines = split /^/, Scenario::Script::read_file($path);
    splice @lines, 0, @lines - TAIL_LINES if @lines > TAIL_LINES;
    $text .= join '', "--- end of $name\n", @lines;
    $text .= "\n" if $text !~ /\n\z/;
  }
  return $text;
}

sub crash {
  my ($place) = @_;
  my $dir = $place->{dir};
  my @reports = grep { -e } map { glob "$dir/$_" } qw(sanitizer.* core* spool/core*);
  my $pattern = CRASH;
  for my $path (grep { -s } map { glob "$dir/$_" } qw(test-std* spool/log/*)) {
    push @reports, $path if Scenario::Script::read_file($path) =~ /$pattern/;
  }
  return undef if not @reports;
  my ($first) = @reports;
  my $text = -T $first ? substr(Scenario::Script::read_file($first), 0, 4000) : '';
  return { state => 'fail', reason => 'Exim crashed, see ' . $first =~ s{^\Q$dir\E/}{}r, detail => $text };
}

sub compared {
  my ($world, $option, $place, $script) = @_;
  my $munge = Scenario::Munge->new(world => $world, dir => $place->{dir}, ports => $place->port_map,
    dynamic_port => $place->{dynamic_number});
  my $verdict = Scenario::Verdict->new(place => $place, script => $script, munge => $munge,
    suite => $world->{suite}, update => $option->{update});
  $verdict->judge;
  my @bad = @{ $verdict->{bad} };
  return { state => 'pass', changed => $verdict->{changed} } if not @bad;
  return { state => 'fail', reason => join('; ', map { $_->{why} } @bad),
    detail => join '', map { $_->{diff} } @bad };
}

# Nothing stays behind but, if asked for, the directory.
sub finish {
  my ($result, $option, $place, $process) = @_;
  local $SIG{TERM} = 'IGNORE';
  alarm 0;
  $process->clear if $process;
  chdir '/';
  if ($option->{keep} and $place) { $result->{kept} = $place->{dir} }
  elsif ($place)                  { $place->remove }
  return;
}

1;
