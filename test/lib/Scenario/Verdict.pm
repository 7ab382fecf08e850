# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Verdict;

# Compares what a scenario produced with the expected files, or records it.

use strict;
use warnings;
use File::Glob ":bsd_glob";
use File::Find ();
use File::Path qw(make_path);
use Scenario::Place ();

# Some expected files exist twice, N and N.FLAVOUR; the second is for OpenSSL
# 1.1.1 and later, which is every OpenSSL met today.
use constant FLAVOUR => 'openssl_1_1_1';

# place, script, munge; suite: its root; update: record instead of compare
sub new {
  my ($class, %arg) = @_;
  return bless { %arg, number => $arg{place}{number}, bad => [], changed => [] }, $class;
}

# Fills bad with { file, why, diff } and changed with names.
sub judge {
  my ($self) = @_;
  my $flag = $self->{script}{flag};
  @{ $self->{munge} }{qw(none ipv6_test)} = ($flag->{no_munge}, $self->{script}{need}{need_ipv6});
  for my $log ([paniclog => 'paniclog'], [rejectlog => 'rejectlog'], [mainlog => 'log']) {
    my ($name, $expected) = @$log;
    $self->compare("spool/log/$name", "spool/log/server$name", "$expected/$self->{number}", 'log', $name);
  }
  for my $stream (qw(stdout stderr)) {
    next if $flag->{"no_${stream}_check"};
    $self->compare("test-$stream", "test-$stream-server", "$stream/$self->{number}", $stream, $stream);
  }
  $self->mailboxes    if not $flag->{no_message_check};
  $self->message_logs if not $flag->{no_msglog_check};
  return;
}

# --- one file -------------------------------------------------------------------

sub compare {
  my ($self, $raw, $server_raw, $expected, $kind, $name) = @_;
  my $dir = $self->{place}{dir};
  ($raw, $server_raw) = map { defined $_ ? "$dir/$_" : undef } $raw, $server_raw;
  my $path = $self->expected_path($expected);
  return if not -e $path and not -s $raw and not (defined $server_raw and -s $server_raw);
  my $custom = $self->{script}{custom}{$name};
  my $got = -e $raw ? $self->{munge}->file($raw, $kind, $custom) : '';
  if (defined $server_raw and -e $server_raw) {
    $got .= "\n******** SERVER ********\n" . $self->{munge}->file($server_raw, $kind, $custom);
  }
  $got = sort_deliveries($got) if $name eq 'mainlog' and $self->{script}{flag}{sortlog};
  $self->settle($path, $expected, $got);
  return;
}

sub expected_path {
  my ($self, $expected) = @_;
  my $path = "$self->{suite}/$expected";
  return -e "$path.${\FLAVOUR}" ? "$path.${\FLAVOUR}" : $path;
}

sub settle {
  my ($self, $path, $expected, $got) = @_;
  my $wanted = -e $path ? read_file($path) : undef;
  return if defined $wanted and $wanted eq $got;
  return $self->record($path, $expected, $got) if $self->{update};
  if (not defined $wanted) {
    push @{ $self->{bad} }, { file => $expected, why => "there is no expected file $expected",
      diff => $self->diff($expected, '', $got) };
    return;
  }
  push @{ $self->{bad} }, { file => $expected, why => "$expected differs",
    diff => $self->diff($expected, $wanted, $got) };
  return;
}

sub record {
  my ($self, $path, $expected, $got) = @_;
  if ($got eq '') {
    unlink $path;
    push @{ $self->{changed} }, "removed $expected";
    return;
  }
  my $verb = -e $path ? 'changed' : 'created';
  make_path($path =~ s{/[^/]+$}{}r);
  Scenario::Place::write_file($path, $got);
  push @{ $self->{changed} }, "$verb $expected";
  return;
}

sub diff {
  my ($self, $name, $wanted, $got) = @_;
  my @files = map { "$self->{place}{dir}/diff-$_" } qw(expected got);
  Scenario::Place::write_file($files[0], $wanted);
  Scenario::Place::write_file($files[1], $got);
  open my $pipe, '-|', 'diff', '-a', '-u', '--label', "expected $name", '--label', "got $name", @files
    or return "(cannot run diff: $!)\n";
  local $/;
  my $text = <$pipe> // '';
  close $pipe;
  return $text;
}

sub read_file {
  my ($path) = @_;
  open my $in, '<', $path or die "cannot read $path: $!\n";
  local $/;
  return <$in> // '';
}

# Deliveries of one message may end in any order: runs of their lines are sorted.
sub sort_deliveries {
  my ($text) = @_;
  my $delivery = qr/^[-\d]{10}\s[:\d]{8}(?:\.\d{3})?\s[-A-Za-z\d]{23}\s[-=*]>/;
  my (@out, @run);
  for my $line ($text =~ /[^\n]*\n|[^\n]+$/g) {
    if ($line =~ $delivery) { push @run, $line; next }
    push @out, sort(splice @run), $line;
  }
  return join '', "**NOTE: The delivery lines in this file have been sorted.\n", @out, sort @run;
}

# --- mail and message logs --------------------------------------------------------

sub mailboxes {
  my ($self) = @_;
  my $dir = "$self->{place}{dir}/test-mail";
  my $caller = $self->{place}{world}{caller};
  my %expected = map { $_ => 1 } $self->expected_files('mail');
  my $maildir_count = 0;
  for my $file (files_below($dir)) {
    next if $file =~ /^oncelog(?:\.(?:dir|pag|db))?$/;
    my $name = $file =~ s{^\Q$caller\E(?=/|$)}{CALLER}r;
    if ($name =~ /\d+\.[^.]+\./) {
      $maildir_count++;
      $name =~ s/\d+\.[^.]+\./$maildir_count./g;
    }
    $self->compare("test-mail/$file", undef, "mail/$self->{number}.$name", 'mail', 'mail');
    delete $expected{"mail/$self->{number}.$name"};
  }
  $self->missing(sort keys %expected);
  return;
}

sub message_logs {
  my ($self) = @_;
  my %expected = map { $_ => 1 } $self->expected_files('msglog');
  my @logs = sort map { m{([^/]+)$} } glob "$self->{place}{dir}/spool/msglog/*";
  for my $log (@logs) {
    my $name = "msglog/$self->{number}." . $self->{munge}->message_id($log);
    $self->compare("spool/msglog/$log", undef, $name, 'log', 'msglog');
    delete $expected{$name};
  }
  $self->missing(sort keys %expected);
  return;
}

sub missing {
  my ($self, @files) = @_;
  for my $file (@files) {
    if ($self->{update}) {
      unlink "$self->{suite}/$file";
      push @{ $self->{changed} }, "removed $file";
      next;
    }
    push @{ $self->{bad} }, { file => $file, why => "$file is expected but was not produced", diff => '' };
  }
  return;
}

# The files of this scenario under mail or msglog of the suite.
sub expected_files {
  my ($self, $kind) = @_;
  my $dir = "$self->{suite}/$kind";
  return map { "$kind/$_" } grep { /^\Q$self->{number}\E\./ } -d $dir ? files_below($dir) : ();
}

# Names relative to the directory; in a maildir in the order of their making.
sub files_below {
  my ($dir) = @_;
  my @files;
  File::Find::find({ no_chdir => 1,
    wanted => sub { push @files, substr $_, 1 + length $dir if not -d } }, $dir);
  my %key = map { $_ => maildir_key($_) } @files;
  return sort { $key{$a} cmp $key{$b} } @files;
}

sub maildir_key {
  my ($name) = @_;
  $name =~ s{(^|/)(\d+)\.[HM](\d+)}{sprintf '%s%020d%020d', $1, $2, $3}e;
  return $name =~ tr{/}{\0}r;    # a directory stands where its name does
}

1;
