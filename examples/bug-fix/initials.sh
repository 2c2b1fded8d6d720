# The initials of a name: `sh initials.sh "Ada Lovelace"` prints AL.
for word in $1; do
    printf '%s' "$word" | cut -c1 | tr -d '\n'
done
echo
