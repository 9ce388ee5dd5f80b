"""How the property tests of the domain run."""

from hypothesis import HealthCheck, settings

# A loaded machine is slow by chance, and a slow example is no wrong one: speed is measured by the
# benchmarks, never by these tests.
settings.register_profile(
    "domain",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("domain")
