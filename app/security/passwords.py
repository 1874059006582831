"""The password policy as an object. The law's rules (資通安全責任等級分級辦法附表十) are the default."""

from dataclasses import dataclass

from werkzeug.security import check_password_hash, generate_password_hash


@dataclass(frozen=True)
class PasswordPolicy:
    """Length, kinds of characters (lower, upper, digit, other) and what it may not contain."""

    min_length: int = 12
    min_kinds: int = 3

    def problems(self, password: str, username: str = "") -> list[str]:
        """Why the password is refused, in Chinese; empty when it is fine."""
        found = []
        if len(password) < self.min_length:
            found.append(f"密碼至少 {self.min_length} 個字元")
        kinds = (
            any(c.islower() for c in password),
            any(c.isupper() for c in password),
            any(c.isdigit() for c in password),
            any(not c.isalnum() for c in password),
        )
        if sum(kinds) < self.min_kinds:
            found.append(f"密碼要含大寫、小寫、數字、符號其中 {self.min_kinds} 種")
        if "\0" in password:
            found.append("密碼含有不可用的字元")
        if username and username.lower() in password.lower():
            found.append("密碼不可含有帳號")
        return found


LAW = PasswordPolicy()
LONG = PasswordPolicy(min_length=15, min_kinds=1)


def hashed(password: str, method: str = "scrypt") -> str:
    return generate_password_hash(password, method=method)


def matches(stored: str | None, password: str) -> bool:
    """Does the password fit? An empty or NUL-only one never does, whatever is stored."""
    return bool(stored) and bool(password.strip("\0")) and check_password_hash(stored or "", password)
