#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may send, by what is asked or kept about the client: SPF, DMARC, names, rate limits, TCP wrappers.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Features;
use Test::Place qw(contents file find_tool within write_file);

# SPF lets 127/8 pass always, where the proxy is.
feature('SPF', ['support SPF'], sub {
  zone('spf.example', qq(spf.example. TXT "v=spf1 ip4:198.51.100.0/28 ip6:2001:db8:1::/48 -all"\n));
  my $exim = exim(main => 'acl_smtp_rcpt = rcpt', acl => <<'END');
rcpt:
  deny   spf = fail
         message = $sender_host_address is no host of $sender_address_domain
  accept
END
  my $rcpt = sub { my ($address) = @_; return recipient(client($exim, $address), 'a@spf.example') };
  like($rcpt->(GOOD), qr/^250 /, 'SPF: passes the client');
  is($rcpt->(BAD), '550 198.51.100.77 is no host of spf.example', 'SPF: fails the client');
});

# SPF is what DMARC has to go by: there is no signature.
feature('DMARC', ['support DMARC', 'support SPF'], sub {
  zone('dmarc.example', qq(dmarc.example. TXT "v=spf1 ip4:198.51.100.0/28 -all"\n_dmarc TXT "v=DMARC1; p=reject"\n));
  write_file(file('suffixes'), "example\nnet\n");
  write_file(my $history = file('history'), '');
  Test::Exim::give($history);
  my $exim = exim(main => <<"END", acl => <<'END');
dmarc_tld_file = @{[file('suffixes')]}
dmarc_history_file = $history
acl_smtp_rcpt = rcpt
acl_smtp_data = data
END
rcpt:
  warn   spf = pass : fail : none : neutral
  accept control = dmarc_enable_forensic
data:
  warn   dmarc_status = *
         logwrite = dmarc $dmarc_status of $sender_host_address, $dmarc_domain_policy
  deny   dmarc_status = reject
         message = not by the policy of $dmarc_used_domain
  accept
END
  my @mail = (from => 'a@dmarc.example', lines => ['From: a@dmarc.example', 'Subject: a test', '', 'body']);
  like(message(client($exim, GOOD), @mail), qr/^250 /, 'DMARC: accepts the client');
  like(message(client($exim, BAD), @mail), qr/^550 not by the policy of dmarc\.example/, 'DMARC: rejects the client');
  like($exim->log, qr/dmarc reject of 198\.51\.100\.77, reject$/m, 'DMARC: logs the client');
  return if has('lookup regdom');    # Exim's own DMARC writes no history
  within(sub { contents($history) =~ /ipaddr/ });
  like(contents($history), qr/^ipaddr 198\.51\.100\.7$/m, 'DMARC: has the client in its history');
});

# The name is looked up for the proxy before the header, and must be for the client.
feature('host_lookup with DNSSEC', ['support DNSSEC'], sub {
  rzone(GOOD, 'DNSSEC PTR good.sec.example.');
  rzone(BAD, 'PTR bad.sec.example.');
  rzone(PROXY, 'DNSSEC PTR proxy.sec.example.');
  zone('sec.example', "DNSSEC good A ${\GOOD}\nbad A ${\BAD}\nDNSSEC proxy A ${\PROXY}\n");
  my $exim = exim(main => "host_lookup = *\ndns_dnssec_ok = 1\nacl_smtp_rcpt = rcpt", acl => <<'END');
rcpt:
  deny   message = $sender_host_name secure $sender_host_dnssec
END
  is(recipient(client($exim, GOOD), 'a@b.example'), '550 good.sec.example secure yes', 'host_lookup: finds the name of the client, secure');
  is(recipient(client($exim, BAD), 'a@b.example'), '550 bad.sec.example secure no', 'host_lookup: finds the name of the client, not secure');
});

# The hints are about the client, whichever proxy it comes by.
feature('ratelimit', [], sub {
  my $exim = exim(main => 'acl_smtp_rcpt = rcpt', acl => <<'END');
rcpt:
  deny   ratelimit = 2 / 1h / strict / per_rcpt
         message = $sender_host_address has been here too often
  accept
END
  my $rcpt = sub { my ($address) = @_; return recipient(client($exim, $address), 'a@b.example') };
  like($rcpt->(BAD), qr/^250 /, "ratelimit: lets number $_ in") for 1, 2;
  is($rcpt->(BAD), '550 198.51.100.77 has been here too often', 'ratelimit: counts the client');
  like($rcpt->(GOOD), qr/^250 /, 'ratelimit: lets another client in');
});

# The files of TCP wrappers are the system's: ours are laid over them in a name space of our own.
feature('TCP wrappers', ['support TCPwrappers'], sub {
  my @etc = qw(hosts.allow hosts.deny);
  lacking('only root can lay files over those in /etc') if $> || grep { !-e "/etc/$_" } @etc;
  write_file(file('hosts.allow'), "exim: 198.51.100.7\n");
  write_file(file('hosts.deny'), "ALL: ALL\n");
  my @before = (find_tool('unshare') // lacking('no unshare here'), '-m', 'sh', '-c', join(' && ', (map { 'mount --bind ' . file($_) . " /etc/$_" } @etc), 'exec "$0" "$@"'));
  my $exim = exim(before => \@before);
  like(client($exim, GOOD)->{ehlo}, qr/^250/, 'TCP wrappers: let the client in');
  like(client($exim, BAD, greeted => 0)->reply, qr/^554 /, 'TCP wrappers: keep the client out');
  like($exim->log, qr/refused connection from .*\[198\.51\.100\.77\].*tcp wrappers/, 'TCP wrappers: log the client');
});

Test::Exim::all_well();
done_testing();
