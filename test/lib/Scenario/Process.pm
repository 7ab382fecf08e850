# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Process;

# Starting a scenario's commands, waiting for them, and finding and ending what
# they leave behind.  The scenario runs in a session of its own, and every Exim
# of it has the scenario's own copy of the binary; so its processes are known by
# facts, never by a name.

use strict;
use warnings;
use File::Glob ":bsd_glob";
use POSIX ();
use Time::HiRes qw(sleep clock_gettime CLOCK_MONOTONIC);

# clock: how long a process may take to obey a signal, before it gets a stronger one; how often it is looked at.
use constant { GRACE => 3, STEP => 0.02 };

# world, dir
sub new {
  my ($class, %arg) = @_;
  return bless { %arg, session => $$ }, $class;
}

# Starts a shell command in the scenario's directory.  Options: as_root; stdin
# (a handle; otherwise there is a pipe).  Returns the pid and the pipe.
sub start {
  my ($self, $command, %option) = @_;
  my ($reader, $writer);
  if ($option{stdin}) { $reader = $option{stdin} }
  else { pipe $reader, $writer or die "pipe: $!\n" }
  my $pid = fork // die "fork: $!\n";
  if (not $pid) {
    close $writer if $writer;
    $self->child($command, $reader, $option{as_root});
  }
  if ($writer) { $writer->autoflush(1); close $reader }
  return ($pid, $writer);
}

sub child {
  my ($self, $command, $stdin, $as_root) = @_;
  $SIG{$_} = 'DEFAULT' for qw(PIPE ALRM INT TERM HUP);
  my $ok = eval {
    open STDIN, '<&', $stdin or die "stdin: $!\n";
    open STDOUT, '>', '/dev/null' or die "stdout: $!\n";
    $self->{world}->become_caller if $self->{world}{setuid} and not $as_root;
    %ENV = $self->environment;
    chdir $self->{dir} or die "cannot enter $self->{dir}: $!\n";
    exec '/bin/sh', '-c', $command;
  };
  print STDERR "cannot run $command: ", $@ || "$!\n";
  POSIX::_exit(127);
}

# Sanitizers report into files: Exim closes standard error at times.
sub environment {
  my ($self) = @_;
  my $log = "$self->{dir}/sanitizer";
  return (%{ $self->{extra_env} // {} },
    PATH => $ENV{PATH} // '/usr/sbin:/usr/bin:/sbin:/bin', USER => $self->{world}{caller},
    SHELL => "$self->{dir}/aux-var/sh", (defined $ENV{TERM} ? (TERM => $ENV{TERM}) : ()),
    (map { $_ => $ENV{$_} } grep { /^EXIM_TEST_/ } keys %ENV),
    EXIM_TEST_NUMBER => $self->{number}, EXIM_TEST_HOSTIPV4 => $self->{world}{ipv4},
    ASAN_OPTIONS => join(':', 'detect_leaks=0', $ENV{ASAN_OPTIONS} // (), "log_path=$log"),
    UBSAN_OPTIONS => join(':', 'print_stacktrace=1', $ENV{UBSAN_OPTIONS} // (), "log_path=$log"));
}

# Waits for one process we started; its status as in $?.
sub finish {
  my ($self, $pid) = @_;
  1 until waitpid($pid, 0) == $pid or $!{ECHILD};
  return $?;
}

# --- what is left ---------------------------------------------------------------

# The scenario's live processes except ourselves: [pid, command line].
sub left {
  my ($self) = @_;
  my @left;
  for my $proc (glob '/proc/[0-9]*') {
    my ($pid) = $proc =~ /(\d+)$/;
    next if $pid == $$ or not $self->ours($proc);
    my $line = slurp("$proc/cmdline") =~ tr/\0/ /r;
    push @left, [$pid, $line =~ s/\s+$//r];
  }
  return @left;
}

sub ours {
  my ($self, $proc) = @_;
  my $stat = slurp("$proc/stat");
  my ($state, undef, undef, $session) = split ' ', $stat =~ s/^.*\) //sr;
  return 0 if not defined $session or $state eq 'Z';
  return 1 if $session == $self->{session};
  return (readlink "$proc/exe" // '') =~ m{^\Q$self->{dir}\E/eximdir/};
}

sub slurp {
  my ($path) = @_;
  open my $in, '<', $path or return '';
  local $/;
  return <$in> // '';
}

# Ends the scenario's processes, and returns what had to be ended.
sub clear {
  my ($self) = @_;
  my @left = $self->left or return;
  for my $signal (qw(TERM KILL)) {
    kill $signal, map { $_->[0] } $self->left;
    last if not $self->wait_left(GRACE);
  }
  return @left;
}

# Waits until nothing is left, or nothing with such a command line.
sub wait_left {
  my ($self, $grace, $only) = @_;
  my $end = clock_gettime(CLOCK_MONOTONIC) + $grace;
  my @left;
  while (@left = grep { not $only or "$_->[1] " =~ $only } $self->left) {
    return @left if clock_gettime(CLOCK_MONOTONIC) >= $end;
    sleep STEP;
  }
  return;
}

1;
