"""What is known of the API beyond its documentation."""

import msgspec


class Learnt(msgspec.Struct, frozen=True):
    """`updated_at_moves` says that an edit of a description moves the `updatedAt` of its model in listings."""

    updated_at_moves: bool = False
