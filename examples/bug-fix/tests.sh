# Each line of tests.txt: a test's name, the name of somebody, and the initials that come out.
failed=0
while IFS='|' read -r test name expected; do
    found=$(sh initials.sh "$name")
    if [ "$found" = "$expected" ]; then echo "ok $test"; else echo "not ok $test: $found"; failed=1; fi
done < tests.txt
exit $failed
