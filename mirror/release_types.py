"""The types of release groups, as MusicBrainz numbers and names them."""

PRIMARY_TYPES = {1: "Album", 2: "Single", 3: "EP", 11: "Other", 12: "Broadcast"}
SECONDARY_TYPES = {
    1: "Compilation",
    2: "Soundtrack",
    3: "Spokenword",
    4: "Interview",
    5: "Audiobook",
    6: "Live",
    7: "Remix",
    8: "DJ-mix",
    9: "Mixtape/Street",
    10: "Demo",
    11: "Audio drama",
    12: "Field recording",
}

# Those that matching knows.
ALBUM, SINGLE, EP = 1, 2, 3
COMPILATION, SOUNDTRACK, LIVE, DJ_MIX = 1, 2, 6, 8
