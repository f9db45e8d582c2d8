"""`python -m bench`."""

if __name__ == "__main__":  # spawned processes import this module too, and are to hold nothing but their client
    from bench.command import main

    main()
