# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Clients;

# For test/e2e/clients: an Exim that lets each client have LIMIT sessions, whichever proxies they come through, and such
# sessions, many at once.

use strict;
use warnings;
use Exporter qw(import);
use Test::More;
use Test::Exim ();
use Test::Header qw(v1 v2 ipv4 ipv6 PROXY TCP4 TCP6);
use Test::SMTP ();

our @EXPORT = qw(LIMIT EXIM PROXIES TOO_MANY limited header session crowd begun lets_in leave);

use constant {
  LIMIT => 3,
  EXIM => '127.0.2.1', PROXIES => '127.0.1.0/24',
  TOO_MANY => '421 Too many concurrent SMTP connections from this IP address; please try again later.',
};

# limited(NAME, tls => N, address => ADDRESS, OPTION => VALUE...): options of the main section; undef takes one out.
sub limited {
  my ($name, %o) = @_;
  my ($tls, $address) = (delete $o{tls} // 0, delete $o{address} // EXIM);
  my %main = (
    proxy_required_hosts => PROXIES, smtp_accept_max_per_host => '${if match_ip{$sender_host_address}{' . PROXIES . '}{0}{' . LIMIT . '}}',
    smtp_accept_max => 500, smtp_connect_backlog => 500, log_selector => '-smtp_confirmation', proxy_protocol_timeout => '1h',
    smtp_banner => '$smtp_active_hostname $pid <$sender_host_address>', %o,
  );
  return Test::Exim->new($name, addresses => [$address], tls => $tls, main => join '', map { defined $main{$_} ? "$_ = $main{$_}\n" : () } sort keys %main);
}

# A header in one of four forms: the last two have IPv4 addresses mapped into IPv6.
sub header {
  my ($client, $form) = @_;
  my @rest = ('192.0.2.1', 1234, 25);
  return v1('TCP4', $client, @rest) if $form % 4 == 0;
  return v2(PROXY, TCP4, ipv4($client, @rest)) if $form % 4 == 1;
  return v1('TCP6', "::ffff:$client", @rest) if $form % 4 == 2;
  return v2(PROXY, TCP6, ipv6("::ffff:$client", "::ffff:$rest[0]", @rest[1, 2]));
}

sub session {
  my ($exim, $proxy, $bytes, $port) = @_;
  my $c = Test::SMTP->connect(from => "127.0.1.$proxy", to => $exim->{addresses}[0], port => $port // $exim->{ports}[0]);
  $c->send($bytes);
  return $c;
}

# N sessions of one client at once, through three proxies and in all forms; what each is told is in {reply}
sub crowd {
  my ($exim, $n, $client) = @_;
  return begun(map { session($exim, 1 + $_ % 3, header($client, $_)) } 1 .. $n);
}

sub begun { my @c = @_; $_->{reply} = $_->reply // 'nothing' for @c; return @c }

sub lets_in {
  my ($name, $limit, @c) = @_;
  my ($in, $out) = (scalar(grep { $_->{reply} =~ /^220 / } @c), scalar(grep { $_->{reply} eq TOO_MANY } @c));
  local $Test::Builder::Level = $Test::Builder::Level + 1;
  return is("$in in, $out out", "$limit in, " . (@c - $limit) . ' out', $name);
}

sub leave {
  my ($exim, @c) = @_;
  $_->closes for @c;
  return ok($exim->no_children, 'every session ends when its client goes') if @c > LIMIT + 1;
  return $exim->no_children;
}

1;
