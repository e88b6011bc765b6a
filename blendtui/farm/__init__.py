"""The rules of the farm: pure, without input, output, clock or chance."""
