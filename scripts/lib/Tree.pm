# SPDX-License-Identifier: GPL-2.0-or-later
package Tree;

# Files that scripts/apply and scripts/add-scenarios put into a directory, all or none, and take out again; and what
# their command lines have in common. As scripts/lib/common.sh has it for the others: the comment at a program's head is
# its manual page, and standard error has progress and complaints.
#
# What was done is recorded in the directory, in its subdirectory NAME:
#
#   files   a line "BEFORE AFTER PATH" for each file: SHA-256, or "-" for a file that is not there
#   dirs    the directories that were made
#   orig/   the files as they were
#
# While it works there is NAME.new: new/ has what is to come, plan a line "AFTER PATH" for each, and NAME last. Each is
# in place as soon as it is in new/ no more, and what was there before is in old/.

use strict;
use warnings;
use Digest::SHA ();
use Exporter qw(import);
use Fcntl qw(:flock);
use File::Basename qw(basename dirname);
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
our @EXPORT_OK = qw(arguments die_with files_in read_file say_ show_help sum there usage_error write_file);

umask 022;


# ---- the command line ---------------------------------------------------------------------------------

my $me = basename($0);

sub say_     { print STDERR map { "$me: $_\n" } @_ }
sub die_with { my $code = shift; say_(@_); exit $code }
sub usage_error { die_with(2, "$_[0] (see $me --help)") }

# arguments WHAT, TELL, MODE...: the directory that the program is about, and one of its modes, "" if none was asked for.
sub arguments {
  my ($what, $tell, @modes) = @_;
  my ($name, $mode) = ('', '');
  $SIG{__DIE__} = sub { die @_ if $^S; say_(map { s/\n\z//r } @_); exit 1 };    # die alone would exit with errno
  for (@ARGV) {
    if (/\A(?:-h|--help)\z/) { show_help() }
    elsif (/\A--(.+)/ && grep { $1 eq $_ } @modes) {
      usage_error('only one of ' . join ' and ', map { "--$_" } @modes) if $mode && $mode ne $1;
      $mode = $1;
    }
    elsif (/\A-/) { usage_error("no such option: $_") }
    elsif ($name ne '') { usage_error("one $what only, not also '$_'") }
    else { $name = $_ }
  }
  usage_error("which $what? $tell") if $name eq '';
  usage_error("$what: no such directory: '$name'") if !-d $name;
  return ($name, $mode);
}

sub show_help {
  open my $self, '<', $0 or die "$0: $!\n";
  while (<$self>) {
    last if !/^#/;
    print s/^# ?//r if !/^#(?:!| SPDX-)/;
  }
  exit 0;
}


# ---- files --------------------------------------------------------------------------------------------

sub read_file {
  my ($path) = @_;
  open my $in, '<:raw', $path or die "cannot read $path: $!\n";
  local $/;
  return scalar(<$in>) // '';
}

sub write_file {
  my ($path, $text) = @_;
  make_path(dirname($path));
  open my $out, '>:raw', $path or die "cannot write $path: $!\n";
  print {$out} $text and close $out or die "cannot write $path: $!\n";
}

# Also a link to nothing
sub there { return -e $_[0] || -l $_[0] }

# "-" for what is no file.
sub sum {
  my ($path) = @_;
  return -f $path ? Digest::SHA->new(256)->addfile($path, 'b')->hexdigest : '-';
}

# The files below DIR, sorted.
sub files_in {
  my ($dir) = @_;
  my @found;
  find({ no_chdir => 1, wanted => sub { push @found, s{\A\Q$dir\E/}{}r if -f } }, $dir);
  return sort @found;
}

# copy FROM, TO: with its mode, owner and times.
sub copy {
  my ($from, $to) = @_;
  write_file($to, read_file($from));
  take_after($to, $from);
  utime((stat $from)[8, 9], $to);
}

# The owner and mode of LIKE, or another mode.
sub take_after {
  my ($path, $like, $mode) = @_;
  my @s = stat $like or die "$like: $!\n";
  chown @s[4, 5], $path if !$>;
  chmod $mode // $s[2] & 07777, $path;
}


# ---- what is in a directory -----------------------------------------------------------------------------

# One run at a time in one directory.
sub new {
  my ($class, $dir, $name) = @_;
  open my $lock, '<', $dir or die_with(1, "$dir: $!");
  flock $lock, LOCK_EX or die_with(1, "$dir: $!");
  return bless { dir => $dir, name => $name, stamp => "$dir/$name", stage => "$dir/$name.new", lock => $lock }, $class;
}

sub lines { my ($path) = @_; return -f $path ? split /\n/, read_file($path) : () }

# [BEFORE, AFTER, PATH] for each file that was brought or changed
sub record { my ($self) = @_; return map { [split / /, $_, 3] } lines("$self->{stamp}/files") }

# The files that are not as they were left.
sub changed { my ($self) = @_; return map { sum("$self->{dir}/$_->[2]") eq $_->[1] ? () : $_->[2] } $self->record }

# A signal counts where all can still be put back, not in the middle of that.
my $signal;
sub heed_signal { die "interrupted by SIG$signal\n" if $signal }

# change {PATH => [TEXT, MODE]}, {NAME => TEXT}: see to it that these files of ours are in the directory, and no others:
# all others are as they were before. The second are for the record. Dies if it cannot; then all is as it was.
sub change {
  my ($self, $ours, $more) = @_;
  my ($dir, $stamp, $stage) = @$self{qw(dir stamp stage)};
  local @SIG{qw(HUP INT TERM)} = (sub { $signal = $_[0] }) x 3;
  remove_tree($stage);
  return $self->finish if eval { $self->prepare($ours, $more); $self->put; 1 };
  my $why = $@;
  $self->put_back;
  die $why;
}

sub prepare {
  my ($self, $ours, $more) = @_;
  my ($dir, $stamp, $stage) = @$self{qw(dir stamp stage)};
  my %was = map { $_->[2] => $_->[0] } $self->record;
  my %dirs = map { $_ => 1 } lines("$stamp/dirs");
  my (@plan, @files);
  my $next = "$stage/new/$self->{name}";
  for my $path (sort keys %{ { %was, %$ours } }) {
    heed_signal();
    my ($old, $new, $orig) = ("$dir/$path", "$stage/new/$path", exists $was{$path} ? "$stamp/orig/$path" : "$dir/$path");
    my ($now, $before) = (sum($old), $was{$path} // sum($old));
    if (my $file = $ours->{$path}) {
      my $above = dirname($path);
      while (!-d "$dir/$above") { $dirs{$above} = 1; $above = dirname($above) }
      write_file($new, $file->[0]);
      take_after($new, -f $old ? $old : "$dir/$above", -f $old ? undef : $file->[1]);
      copy($orig, "$next/orig/$path") if $before ne '-';
      push @files, $before . ' ' . sum($new) . " $path";
    }
    elsif ($before ne '-') {
      write_file($new, read_file($orig));    # its time is new: make must see the change
      take_after($new, $orig);
    }
    if (sum($new) ne $now) { push @plan, sum($new) . " $path" }
    elsif (-f $new) { unlink $new }
  }
  if (%$ours) {
    my %record = (%{ $more // {} }, files => join('', map { "$_\n" } @files), dirs => join('', map { "$_\n" } sort keys %dirs));
    write_file("$next/$_", $record{$_}) for keys %record;
  }
  push @plan, (-d $next ? 'dir' : '-') . " $self->{name}";
  make_path("$stage/new", map { dirname("$stage/old/" . s/\A\S+ //r) } @plan);
  write_file("$stage/dirs", join '', map { "$_\n" } grep { !-d "$dir/$_" } sort keys %dirs);
  write_file("$stage/plan.new", join '', map { "$_\n" } @plan);
  move("$stage/plan.new", "$stage/plan");
}

sub move { my ($from, $to) = @_; rename $from, $to or die "cannot rename $from to $to: $!\n" }

sub put {
  my ($self) = @_;
  my ($dir, $stage) = @$self{qw(dir stage)};
  for (lines("$stage/dirs")) { mkdir "$dir/$_" or die "cannot make $dir/$_: $!\n" }
  for (map { s/\A\S+ //r } lines("$stage/plan")) {
    heed_signal();
    move("$dir/$_", "$stage/old/$_") if there("$dir/$_");
    move("$stage/new/$_", "$dir/$_") if -e "$stage/new/$_";
  }
}

# All is in place.
sub finish {
  my ($self) = @_;
  my ($stamp, $stage) = @$self{qw(stamp stage)};
  if (!-e $stamp) { rmdir "$self->{dir}/$_" for reverse lines("$stage/old/$self->{name}/dirs") }
  unlink "$stage/plan";
  remove_tree($stage);
}

sub interrupted { my ($self) = @_; return -e $self->{stage} }

# What a run that did not end has put in place: [AFTER, PATH] for each.
sub placed {
  my ($self) = @_;
  return grep { $_->[0] ne '-' && !-e "$self->{stage}/new/$_->[1]" } map { [split / /, $_, 2] } lines("$self->{stage}/plan");
}

# Those that were changed since.
sub changed_meanwhile { my ($self) = @_; return map { $_->[0] ne 'dir' && sum("$self->{dir}/$_->[1]") ne $_->[0] ? $_->[1] : () } $self->placed }

# As if that run had not been; or, if all was in place, as if it had ended. By renames alone, so that a run which does not
# end here either loses nothing.
sub put_back {
  my ($self) = @_;
  my ($dir, $name, $stage) = @$self{qw(dir name stage)};
  my @plan = map { s/\A\S+ //r } lines("$stage/plan");
  my %placed = map { $_->[1] => 1 } $self->placed;
  if (@plan) {
    return $self->finish if !-e "$stage/new/$name" && ($placed{$name} || -e "$stage/old/$name");
    for (reverse @plan) {
      move("$dir/$_", "$stage/new/$_") if $placed{$_};
      move("$stage/old/$_", "$dir/$_") if there("$stage/old/$_");
    }
    rmdir "$dir/$_" for reverse lines("$stage/dirs");
  }
  unlink "$stage/plan";
  remove_tree($stage);
}

1;
