# SPDX-License-Identifier: GPL-2.0-or-later
# gnuplot -e "dir='...'; type='svg' or 'png'" plots.gp: draws what there is data for

if (type eq 'svg') set terminal svg size 800,420 font 'sans-serif,13' background 'white'; else set terminal png size 1200,630
have(f) = int(system("test -s '".dir."/".f.".dat' && echo 1 || echo 0"))
set style line 1 lc rgb '#1b6ca8'
set style line 2 lc rgb '#d1603d'
set border 3
set tics nomirror
set grid ytics lc rgb '#dddddd'
set termoption noenhanced
set key outside bottom center horizontal

set style data histograms
set style histogram errorbars gap 1 lw 1
set errorbars lc rgb '#444444'
set style fill solid 0.9 noborder
set ylabel 'CPU, microseconds a session'
set yrange [0:*]
do for [f in 'session-quit session-message haproxy-quit'] {
  if (have(f)) {
    set output dir.'/'.f.'.'.type
    set title 'What a header adds to a session: '.(f eq 'session-quit' ? 'banner and QUIT' : f eq 'session-message' ? 'one message' : 'banner and QUIT, through HAProxy')
    plot dir.'/'.f.'.dat' using 2:3:4:xtic(1) ls 1 title 'this receiver', '' using 5:6:7 ls 2 title "the release's SUPPORT_PROXY"
  }
}

set style data linespoints
set logscale x
set xlabel 'sessions at once'
set ylabel 'sessions a second, by those without a header'
do for [f in 'load-quit load-message'] {
  if (have(f)) {
    set output dir.'/'.f.'.'.type
    set title 'Rate with a header: '.(f eq 'load-quit' ? 'banner and QUIT' : 'one message')
    set xtics (1, 8, 32, 128)
    plot 1 lc rgb '#888888' title 'without a header', \
      for [i=0:2] dir.'/'.f.'.dat' using 1:(column(2+3*i)):(column(3+3*i)):(column(4+3*i)) with yerrorlines ls 1 pt 5+i title word('v1 v2 v2+TLVs', i+1), \
      for [i=0:2] '' using 1:(column(11+3*i)):(column(12+3*i)):(column(13+3*i)) with yerrorlines ls 2 pt 5+i title word('v1 v2 v2+TLVs', i+1).', SUPPORT_PROXY'
  }
}
set xtics autofreq
set logscale xy
set yrange [*:*]
set ylabel 'CPU, microseconds'
if (have('growth-tlvs')) {
  set output dir.'/growth-tlvs.'.type
  set title 'What a header adds, by its size'
  set xlabel 'bytes of TLVs and addresses'
  plot dir.'/growth-tlvs.dat' using 2:4:5:6 with yerrorlines ls 1 pt 7 title 'CPU of a session more, microseconds', '' using 2:3 with linespoints ls 2 pt 7 title 'instructions of the parser'
}
if (have('growth-pieces')) {
  set output dir.'/growth-pieces.'.type
  set title 'What a v1 header adds that comes in pieces'
  set xlabel 'pieces'
  plot dir.'/growth-pieces.dat' using 1:($2 > 0 ? $2 : 1/0):3:4 with yerrorlines ls 1 pt 7 notitle
}
if (have('growth-hosts')) {
  set output dir.'/growth-hosts.'.type
  set title 'A session, by the length of proxy_required_hosts'
  set xlabel 'addresses in the list'
  plot dir.'/growth-hosts.dat' using 1:2:3:4 with yerrorlines ls 1 pt 7 notitle
}
