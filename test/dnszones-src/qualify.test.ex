Only the name of this file counts: names of one component are qualified with it.
