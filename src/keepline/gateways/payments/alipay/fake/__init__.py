"""FakeAlipay: the part of Alipay's gateway that the adapter uses. For development and tests."""
