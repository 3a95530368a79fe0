"""What only runs the product on one machine: environment, demo, embedded servers, tests."""
