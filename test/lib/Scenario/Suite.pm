# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Suite;

# The scenarios of a suite: scripts/NNNN-name/NNNN, what each directory requires
# of the binary, and which of them are wanted.

use strict;
use warnings;
use File::Glob ":bsd_glob";

sub new {
  my ($class, $root) = @_;
  my $self = bless { root => $root, scenarios => {} }, $class;
  for my $path (sort glob "$root/scripts/*/*") {
    my ($directory, $number) = $path =~ m{([^/]+)/(\d{4}(?:\.\d+)?)$} or next;
    $self->{scenarios}{$number} = { number => $number, path => $path, directory => $directory,
      title => title($path) };
  }
  return $self;
}

sub title {
  my ($path) = @_;
  open my $in, '<', $path or return "(cannot read: $!)";
  my $line = <$in> // '';
  return $line =~ /^#\s?(.*?)\s*$/ ? $1 : '(no title)';
}

# The scenarios for arguments like 4070 and 4070-4079, all for none; dies with
# a complaint.
sub select {
  my ($self, @wanted) = @_;
  my $all = $self->{scenarios};
  my %chosen = @wanted ? () : %$all;
  for my $want (@wanted) {
    $want =~ /^(\d{1,4}(?:\.\d+)?)(?:-(\d{1,4}))?$/
      or die "$want: give a scenario as a number, 4070, or a range, 4070-4079\n";
    my ($from, $to) = (sprintf('%04d', $1) . ($1 =~ /(\.\d+)/ ? $1 : ''), defined $2 ? sprintf '%04d', $2 : undef);
    my @found = grep { defined $to ? $_ >= $from && $_ <= $to : $_ eq $from } keys %$all;
    @found or die "$want: no such scenario in $self->{root}/scripts; --list shows what there is\n";
    @chosen{@found} = @$all{@found};
  }
  %chosen or die "there is no scenario in $self->{root}/scripts\n";
  return map { $chosen{$_} } sort keys %chosen;
}

# Notes in each scenario the result that it has without being run, if its
# directory requires what the binary or the machine does not have.
sub requirements {
  my ($self, $world, @scenarios) = @_;
  my %known;
  for my $scenario (@scenarios) {
    $scenario->{unmet} = $known{ $scenario->{directory} } //= $self->unmet($world, $scenario->{directory}) || 0;
  }
  return;
}

sub unmet {
  my ($self, $world, $directory) = @_;
  open my $in, '<', "$self->{root}/scripts/$directory/REQUIRES" or return undef;
  while (my $line = <$in>) {
    $line =~ s/\s+$//;
    next if $line eq '';
    my $met = met($world, $line);
    return { state => 'fail', reason => "unknown line in REQUIRES: $line" } if not defined $met;
    return { state => 'skip', reason => "requires $line" } if not $met;
  }
  return undef;
}

# True or false; undef if the line makes no sense.
sub met {
  my ($world, $line) = @_;
  return $world->{own_ipv6} if $line =~ /^ipv6-non-linklocal/;
  my ($what, $name) = $line =~ /^((?:not )?\w+) (.*)/ or return undef;
  return -r $name ? 1 : 0 if $what eq 'file';
  return $world->has_macro($name) ? 1 : 0 if $what eq 'feature';
  return $world->has_macro($name) ? 0 : 1 if $what eq 'not feature';
  $what =~ s/^authenticators$/authenticator/;
  my $has = $world->{has}{$what} or return undef;
  return $has->{$name} ? 1 : 0;
}

1;
