# SPDX-License-Identifier: GPL-2.0-or-later
package Help;

# For programs without options. As with the shell scripts (scripts/lib/common.sh), the comment at a program's head
# is its manual page, and exit code 2 means that the command line is wrong; that of die() is always 1.

use strict;
use warnings;
use Exporter qw(import);
our @EXPORT_OK = qw(arguments usage_error);

# The program's arguments, LEAST to MOST of them, or any number if there is no MOST. --help ends the program here.
sub arguments {
  my ($least, $most) = @_;
  $SIG{__DIE__} = sub { die @_ if $^S; print STDERR @_; exit 1 };    # otherwise it is errno, which may be 2
  show() if grep { /\A(?:-h|--help)\z/ } @ARGV;
  for (@ARGV) { usage_error("no such option: $_") if /\A-./ }
  usage_error('an argument is missing') if @ARGV < $least;
  usage_error("one argument too many: '$ARGV[$most]'") if defined $most && @ARGV > $most;
  return @ARGV;
}

sub usage_error {
  my ($text) = @_;
  my $me = $0 =~ s{.*/}{}r;
  print STDERR "$me: $text (see $me --help)\n";
  exit 2;
}

sub show {
  open my $f, '<', $0 or die "$0: $!\n";
  my $first = <$f>;    # the #! line
  while (<$f>) {
    last if !s/^#//;
    print s/^ //r if !/^ SPDX-/;
  }
  exit 0;
}

1;
