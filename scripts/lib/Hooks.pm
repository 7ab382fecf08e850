# SPDX-License-Identifier: GPL-2.0-or-later
package Hooks;

# Finds the places of the hooks that patches/hooks describes (its head explains the format), and puts them in.

use strict;
use warnings;
use Exporter qw(import);
use List::Util qw(first);
use Tree qw(read_file);
our @EXPORT_OK = qw(place_hooks);

# place_hooks HOOKS, TREE: returns the files with their hooks, each {patch, path, new}, for the directory TREE of an Exim
# source tree that has src/globals.c; and the places that are not found, with file and what was looked for. Then there
# are no files. Dies if HOOKS is not in its format.

my ($tree, @problems);

sub place_hooks
{
(my $hooks, $tree) = @_;
@problems = ();
my @files = read_hooks($hooks);
for my $file (@files) { place($file); }
return [@problems ? () : grep { $_->{new} } @files], \@problems;
}


# ---- the description ----------------------------------------------------------------------------------

# Returns the files, each with its hooks.

sub read_hooks
{
my ($name) = @_;
my ($patch, @files, $hook);
my $number = 0;
for my $line (split /\n/, read_file($name))
  {
  $number++;
  next if $line =~ /^(#|:|$)/;
  my ($word, $rest) = $line =~ /^(\S+) ?(.*)$/ or die("$name:$number: not understood: $line\n");
  if ($word eq 'patch')
    { ($patch, $hook) = $rest =~ /^(\S+) \S/ or die("$name:$number: patch NAME SUBJECT\n"); }
  elsif ($word eq 'file')
    {
    my ($path, $optional) = $rest =~ /^(\S+)( optional)?$/ or die("$name:$number: file PATH [optional]\n");
    die("$name:$number: $path belongs to no patch\n") unless $patch;
    die("$name:$number: $path is there already\n") if grep { $_->{path} eq $path } @files;
    push @files, { path => $path, patch => $patch, optional => $optional, hooks => [] };
    $hook = undef;
    }
  elsif ($word =~ /^(when|unless|in|after|before)$/)
    {
    die("$name:$number: which file?\n") unless @files;
    # Only what follows an anchor can begin another hook.
    if (!$hook || $hook->{anchor})
      {
      $hook = { line => $number, then => [], text => [] };
      push @{$files[-1]{hooks}}, $hook;
      }
    die("$name:$number: a second '$word'\n") if $hook->{$word};
    if ($word =~ /^(after|before)$/)
      {
      $hook->{where} = $word;
      $hook->{pick} = $rest =~ s/^(first|each) // ? $1 : 'only';
      $word = 'anchor';
      }
    $hook->{$word} = regex($rest, "$name:$number");
    }
  elsif ($word =~ /^(then|\||\@)$/)
    {
    die("$name:$number: '$word' without an anchor\n") unless $hook && $hook->{anchor};
    if ($word eq 'then')	{ push @{$hook->{then}}, regex($rest, "$name:$number"); }
    elsif ($word eq '|')	{ push @{$hook->{text}}, $rest; }
    else			{ push @{$hook->{text}}, changes($rest, "$name:$number"); }
    }
  else { die("$name:$number: not understood: $line\n"); }
  }
for my $file (@files)
  {
  my $bad = first { !$_->{anchor} || !@{$_->{text}} } @{$file->{hooks}};
  die("$name:$bad->{line}: a hook without an anchor, or without text\n") if $bad;
  die("$name: $file->{path}: no hooks\n") unless @{$file->{hooks}};
  }
return @files;
}

sub regex
{
my ($text, $at) = @_;
die("$at: which REGEX?\n") if $text eq '';
return eval { qr/$text/ } || die("$at: $@\n");
}

# The changes after @, as a list of [REGEX, TEXT].

sub changes
{
my ($text, $at) = @_;
my @changes;
push @changes, [regex($1, $at), $2] while $text =~ s{^s/([^/]+)/([^/]*)/( |$)}{};
die("$at: not understood: $text\n") if $text ne '';
return \@changes;
}


# ---- one file -----------------------------------------------------------------------------------------

# Sets the file's {new}, or adds to the problems.

sub place
{
my ($file) = @_;
my $path = "$tree/$file->{path}";
if (!-e $path)
  {
  push @problems, "$file->{path}: no such file" unless $file->{optional};
  return;
  }
my $old = -l $path || !-f $path ? undef : eval { read_file($path) };
if (!defined $old) { push @problems, "$file->{path}: not a file that can be read"; return; }

my @lines = split /(?<=\n)/, $old;
my $end = @lines && $lines[0] =~ /\r\n$/ ? "\r\n" : "\n";
my @bare = map { s/\r?\n\z//r } @lines;

# $above[N]: what is to go above line N
my @above;
for my $hook (@{$file->{hooks}})
  {
  next if $hook->{when} && !grep { $_ =~ $hook->{when} } @bare;
  next if $hook->{unless} && grep { $_ =~ $hook->{unless} } @bare;
  eval
    {
    for (find($hook, \@bare))
      {
      my ($anchor, $at) = @$_;
      $at++ if $hook->{where} eq 'after';
      die "the place is below the last line, which has no newline\n" if $at == @lines && $lines[-1] !~ /\n\z/;
      push @{$above[$at]}, map { "$_$end" } text($hook, $bare[$anchor]);
      }
    1;
    } or push @problems, "$file->{path}: the hook at line $hook->{line}: $@" =~ s/\n\z//r;
  }
return unless @above;
$file->{new} = join '', map { (@{$above[$_] // []}, $lines[$_] // ()) } 0 .. @lines;
}

# Returns [ANCHOR, PLACE] for each place of the hook, as indices of lines. Dies if there is none, or too many.

sub find
{
my ($hook, $lines) = @_;
my ($from, $to, $where) = (0, $#$lines, '');
if ($hook->{in})
  {
  $where = ' in the function ' . show($hook->{in});
  my @heads = grep { $lines->[$_] =~ $hook->{in} } $from .. $to;
  die 'the function ' . show($hook->{in}) . ' is there ' . @heads . " times, not once\n" if @heads != 1;
  $from = $heads[0];
  $to = first { $lines->[$_] eq '}' } $from .. $#$lines;
  die 'the function ' . show($hook->{in}) . " has no end\n" unless defined $to;
  }
my @anchors = grep { $lines->[$_] =~ $hook->{anchor} } $from .. $to;
die 'no line matches ' . show($hook->{anchor}) . "$where\n" unless @anchors;
die scalar(@anchors) . ' lines match ' . show($hook->{anchor}) . "$where, not one\n"
  if $hook->{pick} eq 'only' && @anchors > 1;
@anchors = $anchors[0] if $hook->{pick} eq 'first';

return map
  {
  my ($anchor, $at) = ($_, $_);
  for my $then (@{$hook->{then}})
    {
    $at = first { $lines->[$_] =~ $then } $at + 1 .. $to;
    die 'no line matches ' . show($then) . ' below ' . show($hook->{anchor}) . "$where\n" unless defined $at;
    }
  [$anchor, $at];
  } @anchors;
}

# The regular expression as HOOKS has it, in slashes.

sub show { my ($text) = "$_[0]" =~ /^\(\?\^?\w*:(.*)\)$/s; return "/$text/"; }

# The lines to insert.

sub text
{
my ($hook, $anchor) = @_;
return map { ref $_ ? changed($anchor, @$_) : $_ } @{$hook->{text}};
}

sub changed
{
my ($line, @changes) = @_;
for (@changes)
  {
  my ($regex, $text) = @$_;
  my $n = () = $line =~ /$regex/g;
  die show($regex) . " matches $n times, not once, in the line: $line\n" if $n != 1;
  $line =~ s/$regex/$text/;
  }
return $line;
}

1;
